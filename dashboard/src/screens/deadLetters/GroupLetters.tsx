/** The dead letters of an error: the newest with its details, more where they are wanted. */
import { useState } from "react"
import { useAskPages } from "../../api/pages.ts"
import type { DeadLetter, ErrorGroupDetails } from "../../api/wire.ts"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { More } from "../../parts/More.tsx"
import { exact } from "../../words/numbers.ts"
import { counted } from "./groups.ts"
import { LetterTable, useSelection } from "./LetterTable.tsx"

const Shown = ({ letters }: { readonly letters: ReadonlyArray<DeadLetter> }) => {
  const [selection] = useSelection()
  const { handlers, show, shown, waits } = useCalm(letters, ({ deliveryId }) => deliveryId, selection.size > 0)
  const present = new Set(letters.map(({ deliveryId }) => deliveryId))
  const left = shown.filter(({ deliveryId }) => present.has(deliveryId))
  return (
    <div {...handlers}>
      {waits > 0 ? (
        <Button onClick={show} className="my-1">
          Show {exact(waits)} new
        </Button>
      ) : null}
      <LetterTable label="Dead letters of this error, the last first" letters={left} without={["consumer"]} />
    </div>
  )
}

export const GroupLetters = ({ group }: { readonly group: ErrorGroupDetails }) => {
  const [isMore, setMore] = useState(false)
  const query = useAskPages(
    "/dead-letters",
    { fingerprint: group.fingerprint, limit: 100 },
    { enabled: isMore, every: 5_000 }
  )
  const letters = query.items ?? group.deliveries
  const hasMore = query.items === undefined ? group.deliveries.length < group.gaveUp : query.hasNextPage
  return (
    <section className="mt-4">
      <h2 className="pb-2">
        Deliveries that gave up <span className="font-normal text-muted">{counted(group.gaveUp)}</span>
      </h2>
      {letters.length === 0 ? (
        <p className="py-6 text-center text-muted">
          {group.retrying > 0
            ? "None has given up yet; those that are still retrying may succeed by themselves."
            : "None is left: they were requeued or discarded."}
        </p>
      ) : (
        <Shown letters={letters} />
      )}
      <More
        count={letters.length}
        what="dead letters"
        hasMore={hasMore}
        isAsking={query.isFetching && isMore}
        onMore={() => (isMore ? void query.fetchNextPage() : setMore(true))}
      />
    </section>
  )
}
