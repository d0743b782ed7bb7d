/** How many are tried before the others. */
import { useId } from "react"

export type Canary = 0 | 1 | 5 | 20

const canaries: ReadonlyArray<Canary> = [0, 1, 5, 20]

const meaning = (canary: Canary, count: number) => {
  if (canary === 0) return "All are requeued at once. Those that fail again become dead letters again."
  if (canary >= count) return "That is all of them: each is tried, and none waits."
  const [these, one] =
    canary === 1 ? ["One is requeued first", "If it fails"] : [`${canary} are requeued first`, "If one of them fails"]
  return `${these}, and waited for. ${one} again, the operation ends there and the others stay as they are.`
}

export const CanaryChoice = ({
  count,
  onChange,
  value
}: {
  readonly value: Canary
  readonly count: number
  readonly onChange: (canary: Canary) => void
}) => {
  const id = useId()
  return (
    <fieldset aria-describedby={`${id}-help`}>
      <legend className="mb-1 font-semibold">Try a few first</legend>
      <div className="grid grid-cols-4 overflow-hidden rounded-md border border-edge">
        {canaries.map((canary) => (
          <label
            key={canary}
            className={`relative flex h-8 cursor-pointer items-center justify-center border-l border-line first:border-l-0 has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent ${canary === value ? "bg-accent-soft font-semibold text-accent" : "hover:bg-hover"}`}
          >
            <input
              type="radio"
              name={id}
              className="absolute inset-0 cursor-pointer opacity-0"
              checked={canary === value}
              onChange={() => onChange(canary)}
            />
            {canary === 0 ? "None" : canary}
          </label>
        ))}
      </div>
      <p id={`${id}-help`} className="mt-1 min-h-9 text-sm text-muted">
        {meaning(value, count)}
      </p>
    </fieldset>
  )
}
