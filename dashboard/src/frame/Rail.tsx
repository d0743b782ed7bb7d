/** Where one can go: at the left, or below where there is little room. */
import { Ellipsis, PanelLeftClose, PanelLeftOpen } from "lucide-react"
import { DropdownMenu } from "radix-ui"
import { Link, useLocation } from "wouter"
import { keep, readKept } from "../api/kept.ts"
import { makeStore } from "../api/store.ts"
import { Hint } from "../parts/Hint.tsx"
import { type Screen, screens } from "../screens.tsx"

const isNarrow = makeStore(readKept("rail") === "narrow")

const toggle = () => {
  isNarrow.set(!isNarrow.get())
  keep("rail", isNarrow.get() ? "narrow" : "wide")
}

const isAt = (location: string, { paths }: Screen) =>
  paths[0] === "/" ? location === "/" : location === paths[0] || location.startsWith(`${paths[0]}/`)

const RailLink = ({
  isCurrent,
  narrow,
  screen
}: {
  readonly screen: Screen
  readonly isCurrent: boolean
  readonly narrow: boolean
}) => {
  const { icon: Icon, paths, title } = screen
  const link = (
    <Link
      href={paths[0]}
      aria-current={isCurrent ? "page" : undefined}
      aria-label={narrow ? title : undefined}
      className={`flex h-8 items-center gap-2.5 rounded-md px-2.5 ${narrow ? "justify-center" : ""} ${isCurrent ? "bg-accent-soft font-semibold text-accent" : "text-muted hover:bg-hover hover:text-text"}`}
    >
      <Icon size={16} aria-hidden="true" className="shrink-0" />
      {narrow ? null : title}
    </Link>
  )
  return narrow ? <Hint text={title}>{link}</Hint> : link
}

export const Rail = () => {
  const narrow = isNarrow.use()
  const [location] = useLocation()
  const Icon = narrow ? PanelLeftOpen : PanelLeftClose
  return (
    <nav
      aria-label="Screens"
      className={`sticky top-12 flex h-[calc(100dvh-48px)] shrink-0 flex-col overflow-y-auto border-r border-line p-2 max-sm:hidden ${narrow ? "w-14" : "w-52"}`}
    >
      <ul className="grid gap-0.5">
        {screens.map((screen) => (
          <li key={screen.id}>
            <RailLink screen={screen} narrow={narrow} isCurrent={isAt(location, screen)} />
          </li>
        ))}
      </ul>
      <button
        type="button"
        onClick={toggle}
        aria-label={narrow ? "Widen the list of screens" : "Narrow the list of screens"}
        className="mt-auto flex h-8 items-center gap-2.5 rounded-md px-2.5 text-faint hover:bg-hover hover:text-text"
      >
        <Icon size={16} aria-hidden="true" />
      </button>
    </nav>
  )
}

const below = ["overview", "events", "dead-letters", "consumers"]

/** Five at most: four screens, and all others. */
export const BottomBar = () => {
  const [location, navigate] = useLocation()
  const first = screens.filter(({ id }) => below.includes(id))
  const others = screens.filter(({ id }) => !below.includes(id))
  const look = "flex h-14 w-full flex-col items-center justify-center gap-0.5 text-xs"
  const isOther = others.some((screen) => isAt(location, screen))
  return (
    <nav
      aria-label="Screens"
      className="fixed inset-x-0 bottom-0 z-20 grid grid-cols-5 border-t border-line bg-panel sm:hidden"
    >
      {first.map((screen) => (
        <Link
          key={screen.id}
          href={screen.paths[0]}
          aria-current={isAt(location, screen) ? "page" : undefined}
          className={`${look} ${isAt(location, screen) ? "font-semibold text-accent" : "text-muted"}`}
        >
          <screen.icon size={18} aria-hidden="true" />
          {screen.title}
        </Link>
      ))}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className={`${look} ${isOther ? "font-semibold text-accent" : "text-muted"}`}>
          <Ellipsis size={18} aria-hidden="true" />
          More
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            side="top"
            align="end"
            sideOffset={4}
            className="opens z-30 min-w-44 rounded-md border border-line bg-raised p-1 shadow-xl"
          >
            {others.map((screen) => (
              <DropdownMenu.Item
                key={screen.id}
                onSelect={() => navigate(screen.paths[0])}
                className="flex h-10 items-center gap-2.5 rounded px-3 outline-none data-[highlighted]:bg-hover"
              >
                <screen.icon size={16} aria-hidden="true" />
                {screen.title}
              </DropdownMenu.Item>
            ))}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </nav>
  )
}
