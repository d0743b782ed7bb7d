/** One setting with all its changes, each of which can be undone. */
import { Undo2 } from "lucide-react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Answer, Setting } from "../../api/wire.ts"
import { Answered, ProblemNote, SkeletonRows } from "../../parts/Answers.tsx"
import { ActionButton } from "../../parts/Button.tsx"
import { Id } from "../../parts/Copy.tsx"
import { Drawer } from "../../parts/Drawer.tsx"
import { Facts } from "../../parts/Panel.tsx"
import { Ago } from "../../parts/Time.tsx"
import { meaningOf, shortKey } from "./about.ts"
import { usePut } from "./EditSetting.tsx"
import { Rejected, ValueInForce } from "./SettingRow.tsx"
import { boundsText, sources, type Value, valueText } from "./values.ts"

type Change = Answer<"GET", "/settings/:key/history">[number]

/** Null: nothing was stored. */
const storedText = (key: string, value: Change["value"]) =>
  value === null ? <span className="text-muted">nothing stored</span> : valueText(key, value)

const isValue = (value: unknown): value is Value | null =>
  value === null || typeof value === "number" || typeof value === "boolean"

const Changes = ({ changes, setting }: { readonly setting: Setting; readonly changes: ReadonlyArray<Change> }) => {
  const { key, source, value } = setting
  const { put, store } = usePut(key)
  const isInForce = (stored: Value | null) => (source === "stored" ? stored === value : stored === null)
  return (
    <>
      {put.error === null ? null : <ProblemNote problem={put.error} />}
      <ol aria-label="Changes, the last first">
        {changes.map((change) => {
          const before = change.previousValue
          return (
            <li
              key={`${change.changedAt} ${JSON.stringify(change.value)}`}
              className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line/60 py-1 last:border-0"
            >
              <span className="min-w-0 flex-1">
                {storedText(key, before)} <span aria-hidden="true">→</span>
                <span className="sr-only">became</span>{" "}
                <span className="font-semibold">{storedText(key, change.value)}</span>
                <span className="block text-sm text-muted">
                  {change.changedBy ?? "somebody who is not known"}, <Ago at={change.changedAt} />
                </span>
                {change.reason === null ? null : <span className="block text-sm break-words">“{change.reason}”</span>}
              </span>
              {isValue(before) ? (
                <ActionButton
                  action="settings.change"
                  disabled={put.isPending}
                  disabledBecause={isInForce(before) ? "This is how it is now." : undefined}
                  onClick={() => store(before, `undo of the change of ${change.changedAt}`)}
                >
                  <Undo2 size={14} aria-hidden="true" />
                  {before === null ? "Undo: store nothing" : `Undo: ${valueText(key, before)}`}
                </ActionButton>
              ) : null}
            </li>
          )
        })}
      </ol>
    </>
  )
}

const History = ({ setting }: { readonly setting: Setting }) => {
  const { key } = setting
  const query = useAsk("/settings/:key/history", { params: { key } })
  return (
    <section className="mt-5">
      <header className="mb-1 flex items-center justify-between gap-3">
        <h3>Changes</h3>
        <Link
          href={`/audit?target=${encodeURIComponent(key)}`}
          className="inline-flex h-8 items-center text-accent hover:underline"
        >
          In the audit
        </Link>
      </header>
      <Answered query={query} skeleton={<SkeletonRows count={3} />}>
        {(changes) =>
          changes.length === 0 ? (
            <p className="text-muted">Nobody has ever stored a value for it.</p>
          ) : (
            <Changes setting={setting} changes={changes} />
          )
        }
      </Answered>
    </section>
  )
}

export const SettingDrawer = ({
  onClose,
  setting
}: {
  readonly setting: Setting | undefined
  readonly onClose: () => void
}) => (
  <Drawer
    isOpen={setting !== undefined}
    onClose={onClose}
    title={setting === undefined ? "" : shortKey(setting.key)}
    subtitle={setting === undefined ? undefined : meaningOf(setting.key)}
  >
    {setting === undefined ? null : (
      <>
        {setting.rejected === null ? null : <Rejected text={setting.rejected} />}
        <Facts
          facts={[
            [
              "Key",
              <span key="key" className="-my-1.5 flex">
                <Id id={setting.key} />
              </span>
            ],
            ["In force", <ValueInForce key="value" setting={setting} />],
            ["Comes from", sources[setting.source]],
            ["Default", valueText(setting.key, setting.default)],
            ...(boundsText(setting) === undefined ? [] : [["Bounds", boundsText(setting)] as const])
          ]}
        />
        <History key={setting.key} setting={setting} />
      </>
    )}
  </Drawer>
)
