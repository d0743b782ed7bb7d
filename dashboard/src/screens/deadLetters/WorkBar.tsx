/** What can be done with all that is listed, or with those that are selected; and what goes on of it. */
import { useCallback, useState } from "react"
import { useForbidden } from "../../api/session.ts"
import { ActionButton, Button } from "../../parts/Button.tsx"
import { useParams } from "../../parts/params.ts"
import { exact } from "../../words/numbers.ts"
import type { Filter } from "../operations/words.ts"
import { useSelection } from "./LetterTable.tsx"
import { useRequeueKey } from "./requeueKey.ts"
import { type Work, WorkDialog } from "./WorkDialog.tsx"

/** Ids of a filter, at most. */
const mostIds = 1_000

export const WorkBar = ({
  all,
  countText,
  isBusy = false,
  isEmpty,
  isLoud = false,
  title
}: {
  /** The filter for all that is listed. */
  readonly all: Filter
  /** How many that are, where it is known: `312`. */
  readonly countText?: string
  readonly isEmpty: boolean
  /** Whether an operation takes from the same ones already. */
  readonly isBusy?: boolean
  /** Whether requeueing is what the place is for. */
  readonly isLoud?: boolean
  readonly title?: string
}) => {
  const [work, setWork] = useState<Work>()
  const [, change] = useParams()
  const [selection, setSelection] = useSelection()
  const ids = [...selection].slice(0, mostIds)
  const chosen = ids.length > 0 ? { deliveryIds: ids } : all
  const what = ids.length > 0 ? `${exact(ids.length)} selected` : (countText ?? "all of these")
  const titled = title === undefined || ids.length > 0 ? {} : { title }
  const nothing =
    ids.length > 0
      ? undefined
      : isEmpty
        ? "There is no dead letter here."
        : isBusy
          ? "An operation on these is under way. Stop it first to begin another one."
          : undefined
  const key = JSON.stringify(chosen)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text tells one filter from another.
  const requeue = useCallback(() => setWork({ kind: "requeue", filter: chosen, ...titled }), [key])
  const forbidden = useForbidden("operations.requeue")
  useRequeueKey(nothing === undefined && forbidden === undefined ? requeue : undefined)
  return (
    <div className="flex flex-wrap items-center gap-2">
      <ActionButton
        action="operations.requeue"
        look={isLoud || ids.length > 0 ? "primary" : "plain"}
        disabledBecause={nothing}
        onClick={requeue}
        aria-keyshortcuts="r"
      >
        Requeue {what}
      </ActionButton>
      <ActionButton
        action="operations.discard"
        look="danger"
        disabledBecause={nothing}
        onClick={() => setWork({ kind: "discard", filter: chosen, ...titled })}
      >
        Discard {what}
      </ActionButton>
      {ids.length > 0 ? (
        <Button look="quiet" onClick={() => setSelection(new Set())}>
          Clear selection
        </Button>
      ) : null}
      <WorkDialog
        work={work}
        onClose={() => setWork(undefined)}
        onStarted={({ id }) => {
          setWork(undefined)
          change({ x: undefined, operation: id })
        }}
      />
    </div>
  )
}
