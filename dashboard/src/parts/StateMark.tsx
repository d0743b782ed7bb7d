/** A state: shape and colour, and its word unless there is no room. */
import { type State, states } from "../words/states.ts"

export const StateMark = ({
  state,
  word,
  isShort = false
}: {
  readonly state: State
  readonly word?: string
  readonly isShort?: boolean
}) => {
  const { shape, text, word: usual } = states[state]
  const said = word ?? usual
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${text}`} title={isShort ? said : undefined}>
      <span aria-hidden="true" className="inline-block w-3 text-center text-[10px] leading-none">
        {shape}
      </span>
      <span className={isShort ? "sr-only" : ""}>{said}</span>
    </span>
  )
}
