/** Inputs with their labels. */
import { type InputHTMLAttributes, type ReactNode, useId } from "react"

const look =
  "h-8 w-full min-w-0 rounded-md border border-edge bg-panel px-2 placeholder:text-faint disabled:opacity-50 aria-invalid:border-gave-up"

export const Field = ({
  error,
  help,
  label,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & {
  readonly label: string
  readonly help?: ReactNode
  readonly error?: string | undefined
}) => {
  const id = useId()
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-semibold">
        {label}
      </label>
      <input
        id={id}
        aria-describedby={`${id}-help`}
        aria-invalid={error === undefined ? undefined : true}
        {...rest}
        className={look}
      />
      <p id={`${id}-help`} className={`text-sm ${error === undefined ? "text-muted" : "text-gave-up"}`}>
        {error ?? help}
      </p>
    </div>
  )
}

export interface Choice<A extends string> {
  readonly value: A
  readonly label: string
}

/** One of a few, as the browser's own list. */
export const Choose = <A extends string>({
  choices,
  label,
  onChange,
  value
}: {
  readonly label: string
  readonly value: A
  readonly choices: ReadonlyArray<Choice<A>>
  readonly onChange: (value: A) => void
}) => (
  <select
    aria-label={label}
    value={value}
    onChange={(event) => onChange(event.target.value as A)}
    className="h-8 min-w-0 rounded-md border border-edge bg-panel px-2"
  >
    {choices.map((choice) => (
      <option key={choice.value} value={choice.value}>
        {choice.label}
      </option>
    ))}
  </select>
)
