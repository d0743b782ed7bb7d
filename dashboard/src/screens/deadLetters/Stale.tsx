/** Somebody else was at the dead letter whose payload is edited: told, with what is there now, while what was typed stays. */
import { useState } from "react"
import type { DeadLetterDetails } from "../../api/wire.ts"
import { Button } from "../../parts/Button.tsx"
import { JsonDiff } from "../../parts/JsonDiff.tsx"

export const Stale = ({
  isGone,
  now,
  onLeave,
  onTakeUp,
  text
}: {
  /** It is no dead letter any more. */
  readonly isGone: boolean
  readonly now: DeadLetterDetails
  /** What was typed. */
  readonly text: string
  /** To edit what is there now, with what was typed. */
  readonly onTakeUp: () => void
  readonly onLeave: () => void
}) => {
  const [isShown, setShown] = useState(false)
  return (
    <div role="alert" className="grid gap-2 rounded-md bg-retrying-soft px-3 py-2">
      <p>
        {isGone
          ? "This is no dead letter any more: somebody requeued or discarded it meanwhile. "
          : "This dead letter is not as you saw it any more: somebody requeued or edited it meanwhile, and it gave up again. "}
        Nothing of what you typed was sent; it is still here.
      </p>
      <div className="flex flex-wrap gap-2">
        {isGone ? null : (
          <>
            <Button aria-expanded={isShown} onClick={() => setShown(!isShown)}>
              {isShown ? "Hide what is there now" : "Show what is there now"}
            </Button>
            <Button onClick={onTakeUp}>Go on with what I typed</Button>
          </>
        )}
        <Button onClick={onLeave}>Leave</Button>
      </div>
      {isShown && !isGone && now.payload !== null ? (
        <JsonDiff label="What is there now, and what you typed" before={now.payload} after={text} />
      ) : null}
    </div>
  )
}
