/** What people know of an error: its state, and a note for whoever sees it next. */
import { ChevronDown } from "lucide-react"
import { DropdownMenu } from "radix-ui"
import { useState } from "react"
import { useAct } from "../../api/asking.ts"
import { useForbidden } from "../../api/session.ts"
import type { Asked, ErrorGroup } from "../../api/wire.ts"
import { ProblemNote } from "../../parts/Answers.tsx"
import { ActionButton, Button } from "../../parts/Button.tsx"
import { Ago } from "../../parts/Time.tsx"
import { serverNow } from "../../words/clock.ts"
import { GroupStateMark } from "./GroupStateMark.tsx"
import { NoteDialog } from "./NoteDialog.tsx"

type Change = NonNullable<Asked<"PATCH", "/error-groups/:id">["payload"]>

const item = "flex h-9 cursor-default items-center rounded px-3 outline-none data-[highlighted]:bg-hover"

const spans: ReadonlyArray<readonly [string, number | undefined]> = [
  ["1 hour", 3_600_000],
  ["24 hours", 86_400_000],
  ["7 days", 604_800_000],
  ["until somebody changes it", undefined]
]

const until = (millis: number | undefined): Change => ({
  state: "ignored",
  ignoredUntil: millis === undefined ? null : new Date(serverNow() + millis).toISOString()
})

const Menu = ({ onChange }: { readonly onChange: (change: Change) => void }) => (
  <DropdownMenu.Root modal={false}>
    <DropdownMenu.Trigger asChild>
      <Button>
        Mark as <ChevronDown size={14} aria-hidden="true" />
      </Button>
    </DropdownMenu.Trigger>
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        align="end"
        sideOffset={4}
        className="opens z-40 min-w-56 rounded-md border border-line bg-raised p-1 shadow-xl"
      >
        <DropdownMenu.Item className={item} onSelect={() => onChange({ state: "known" })}>
          Known: somebody is at it
        </DropdownMenu.Item>
        <DropdownMenu.Item className={item} onSelect={() => onChange({ state: "resolved" })}>
          Resolved: new again if it comes back
        </DropdownMenu.Item>
        <DropdownMenu.Separator className="my-1 h-px bg-line" />
        <DropdownMenu.Label className="px-3 py-1 text-sm text-muted">Ignored for</DropdownMenu.Label>
        {spans.map(([word, millis]) => (
          <DropdownMenu.Item key={word} className={item} onSelect={() => onChange(until(millis))}>
            {word}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  </DropdownMenu.Root>
)

export const GroupKnown = ({ group }: { readonly group: ErrorGroup }) => {
  const [isNoting, setNoting] = useState(false)
  const forbidden = useForbidden("errorGroups.change")
  const change = useAct("PATCH", "/error-groups/:id")
  const note = useAct("PATCH", "/error-groups/:id")
  const endNote = () => {
    setNoting(false)
    note.reset()
  }
  const put = (payload: Change) => change.mutate({ params: { id: group.fingerprint }, payload })
  const isRepaired = group.gaveUp === 0 && group.retrying === 0 && group.state !== "resolved"
  return (
    <div className="grid justify-items-start gap-1 sm:justify-items-end">
      <div className="flex flex-wrap items-center gap-2">
        <GroupStateMark group={group} />
        {isRepaired ? (
          <ActionButton action="errorGroups.change" look="primary" onClick={() => put({ state: "resolved" })}>
            Mark as resolved
          </ActionButton>
        ) : null}
        {forbidden === undefined ? <Menu onChange={put} /> : <Button disabledBecause={forbidden}>Mark as</Button>}
        <ActionButton action="errorGroups.change" onClick={() => setNoting(true)}>
          {group.note === null ? "Add a note" : "Change the note"}
        </ActionButton>
      </div>
      {group.note === null ? null : (
        <p className="max-w-prose border-l-2 border-edge pl-2 whitespace-pre-wrap [overflow-wrap:anywhere]">
          {group.note}
        </p>
      )}
      {group.changedBy === null || group.changedAt === null ? null : (
        <p className="text-sm text-muted">
          Changed by {group.changedBy} <Ago at={group.changedAt} />
        </p>
      )}
      {change.error === null ? null : <ProblemNote problem={change.error} />}
      <NoteDialog
        key={String(isNoting)}
        note={group.note}
        isOpen={isNoting}
        isBusy={note.isPending}
        problem={note.error === null ? null : <ProblemNote problem={note.error} />}
        onClose={endNote}
        onSave={(text) =>
          note.mutate({ params: { id: group.fingerprint }, payload: { note: text } }, { onSuccess: endNote })
        }
      />
    </div>
  )
}
