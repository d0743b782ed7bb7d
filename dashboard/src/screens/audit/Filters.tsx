/** Which entries of the audit are shown: by who, what, what to, and since when. */
import { useEffect, useId, useState } from "react"
import { Button } from "../../parts/Button.tsx"
import { Choose } from "../../parts/Field.tsx"
import { useParams } from "../../parts/params.ts"
import { actions } from "./entries.ts"

const day = 86_400_000

const spans = {
  "1h": ["in the last hour", 3_600_000],
  "1d": ["in the last day", day],
  "7d": ["in the last 7 days", 7 * day],
  "30d": ["in the last 30 days", 30 * day]
} as const

/** When a span of the address began, in whole minutes; a time as it is; undefined for what is neither. */
export const sinceOf = (given: string | null, now: number): string | undefined => {
  if (given === null) return undefined
  if (given in spans)
    return new Date(Math.floor((now - spans[given as keyof typeof spans][1]) / 60_000) * 60_000).toISOString()
  const time = Date.parse(given)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

/** A text that is looked for a moment after it was typed. */
const Text = ({
  label,
  list,
  onChange,
  value
}: {
  readonly label: string
  readonly value: string
  readonly list?: ReadonlyArray<string>
  readonly onChange: (value: string) => void
}) => {
  const id = useId()
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => onChange(typed.trim()), 400)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <>
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        list={list === undefined ? undefined : id}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="h-8 w-44 min-w-0 rounded-md border border-edge bg-panel px-2 placeholder:text-faint max-sm:w-full"
      />
      {list === undefined ? null : (
        <datalist id={id}>
          {list.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </>
  )
}

export const Filters = ({ people }: { readonly people: ReadonlyArray<string> }) => {
  const [params, change] = useParams()
  const since = params.get("since") ?? ""
  const isFiltered = ["who", "action", "target", "since"].some((name) => params.has(name))
  const isTime = since !== "" && !(since in spans)
  return (
    <search className="mb-3 grid grid-cols-2 items-center gap-2 sm:flex sm:flex-wrap" aria-label="Entries of the audit">
      <Text label="Who" value={params.get("who") ?? ""} list={people} onChange={(who) => change({ who })} />
      <Text
        label="Action"
        value={params.get("action") ?? ""}
        list={Object.keys(actions)}
        onChange={(action) => change({ action })}
      />
      <Text label="Target" value={params.get("target") ?? ""} onChange={(target) => change({ target })} />
      <Choose
        label="Since when"
        value={since}
        onChange={(value) => change({ since: value })}
        choices={[
          { value: "", label: "at any time" },
          ...Object.entries(spans).map(([value, [label]]) => ({ value, label })),
          ...(isTime ? [{ value: since, label: `since ${since}` }] : [])
        ]}
      />
      {isFiltered ? (
        <Button
          look="quiet"
          onClick={() => change({ who: undefined, action: undefined, target: undefined, since: undefined })}
        >
          Show all
        </Button>
      ) : null}
    </search>
  )
}
