/** What is administered, search, whether the page follows, the span of time, and who is signed in. */
import { useQueryClient } from "@tanstack/react-query"
import { CircleUserRound, Pause, Play, Search } from "lucide-react"
import { DropdownMenu } from "radix-ui"
import { Link } from "wouter"
import { forgetFigures, toggleLive, useLive } from "../api/live.ts"
import { request } from "../api/request.ts"
import { signIn, useSession } from "../api/session.ts"
import icon from "../icon.svg"
import { Choose } from "../parts/Field.tsx"
import { Hint } from "../parts/Hint.tsx"
import { type Range, rangeNames, rangeShort, useRange } from "../parts/range.ts"
import { isUtc, toggleUtc } from "../words/clock.ts"
import { openPalette } from "./Palette.tsx"
import { setTheme, type Theme, theme } from "./theme.ts"

const liveLooks = {
  live: ["●", "Live", "text-running"],
  paused: ["‖", "Paused", "text-paused"],
  reconnecting: ["○", "Reconnecting", "text-retrying"]
} as const

const LiveButton = () => {
  const { state } = useLive()
  const [shape, word, colour] = liveLooks[state]
  const Icon = state === "paused" ? Play : Pause
  return (
    <Hint text={state === "paused" ? "Follow what happens (.)" : "Pause: nothing on the page changes (.)"}>
      <button
        type="button"
        aria-pressed={state !== "paused"}
        aria-label={`Live: ${word}`}
        onClick={toggleLive}
        className="group flex h-8 items-center gap-1.5 rounded-md px-2 hover:bg-hover"
      >
        <span aria-hidden="true" className={`w-3 text-center text-[10px] group-hover:hidden ${colour}`}>
          {shape}
        </span>
        <Icon size={12} aria-hidden="true" className="hidden w-3 group-hover:block" />
        <span className="max-md:sr-only">{word}</span>
      </button>
    </Hint>
  )
}

const RangeChoice = () => {
  const [range, setRange] = useRange()
  return (
    <Choose<Range>
      label="Span of time"
      value={range}
      onChange={setRange}
      choices={rangeNames.map((value) => ({ value, label: rangeShort[value] }))}
    />
  )
}

const item = "flex h-9 items-center rounded px-3 outline-none data-[highlighted]:bg-hover"

const themes: ReadonlyArray<readonly [Theme, string]> = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"]
]

const UserMenu = () => {
  const session = useSession()
  const client = useQueryClient()
  const chosen = theme.use()
  const utc = isUtc.use()
  const signOut = async () => {
    await request("DELETE", "/session", {}).catch(() => undefined)
    signIn.out()
    forgetFigures()
    // What was shown to somebody else is not left under the sheet.
    await client.resetQueries()
  }
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        aria-label={`${session?.name ?? "You"}: who you are, and how the page looks`}
        className="flex h-8 items-center gap-1.5 rounded-md px-2 hover:bg-hover"
      >
        <CircleUserRound size={16} aria-hidden="true" />
        <span className="max-w-32 truncate max-md:hidden">{session?.name ?? ""}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="opens z-40 min-w-52 rounded-md border border-line bg-raised p-1 shadow-xl"
        >
          {session === undefined ? null : (
            <DropdownMenu.Label className="px-3 py-2 text-muted">
              {session.name}, {session.role}
              <span className="block text-sm">
                Payloads: {session.visibility}
                {session.isRedacted ? ", some parts hidden" : ""}
              </span>
            </DropdownMenu.Label>
          )}
          <DropdownMenu.RadioGroup value={chosen} onValueChange={(value) => setTheme(value as Theme)}>
            {themes.map(([value, label]) => (
              <DropdownMenu.RadioItem
                key={value}
                value={value}
                className={`${item} data-[state=checked]:font-semibold`}
              >
                {label}
                <DropdownMenu.ItemIndicator className="ml-auto pl-2">✓</DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.CheckboxItem checked={utc} onCheckedChange={toggleUtc} className={item}>
            Times in UTC
            <DropdownMenu.ItemIndicator className="ml-auto pl-2">✓</DropdownMenu.ItemIndicator>
          </DropdownMenu.CheckboxItem>
          {session === undefined || session.expiresAt === null ? null : (
            <DropdownMenu.Item onSelect={() => void signOut()} className={item}>
              Sign out
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** The badge of an environment: what is called production stands out. */
const Environment = ({ name }: { readonly name: string }) => (
  <span
    className={`rounded border px-1.5 text-xs ${/^prod/i.test(name) ? "border-gave-up text-gave-up" : "border-edge text-muted"}`}
  >
    {name}
  </span>
)

export const TopBar = () => {
  const session = useSession()
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-panel px-3">
      <Link
        href="/"
        className="flex shrink-0 items-center gap-2 font-semibold"
        aria-label="effect-integration: overview"
      >
        <img src={icon} alt="" width={20} height={20} />
        <span className="max-md:hidden">effect-integration</span>
      </Link>
      {session?.environment == null ? null : <Environment name={session.environment} />}
      <button
        type="button"
        onClick={openPalette}
        aria-label="Search, or go anywhere"
        className="ml-auto flex h-8 w-full max-w-80 min-w-8 items-center gap-2 rounded-md border border-edge px-2 text-faint hover:bg-hover"
      >
        <Search size={14} aria-hidden="true" className="shrink-0" />
        <span className="truncate">Search</span>
        <kbd className="ml-auto max-md:hidden">/</kbd>
      </button>
      <div className="ml-auto flex items-center gap-1">
        <LiveButton />
        <RangeChoice />
        <UserMenu />
      </div>
    </header>
  )
}
