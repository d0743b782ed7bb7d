/** Dead letters one by one: filtered, selected, worked on together. */
import { useAskPages } from "../../api/pages.ts"
import type { DeadLetter } from "../../api/wire.ts"
import { Empty, ProblemNote, SkeletonRows, useUnsaid } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { Choose } from "../../parts/Field.tsx"
import { More } from "../../parts/More.tsx"
import { useParam, useParams } from "../../parts/params.ts"
import { exact } from "../../words/numbers.ts"
import { ConsumerFilter } from "./ConsumerFilter.tsx"
import { FilterText } from "./FilterText.tsx"
import { LetterTable, useSelection } from "./LetterTable.tsx"
import { filterOf, isFiltered, noFilters, queryOf, sinceChoices } from "./letterFilters.ts"
import { Started } from "./Started.tsx"
import { WorkBar } from "./WorkBar.tsx"

const Filters = () => {
  const [params, change] = useParams()
  const [since, setSince] = useParam("since")
  const [decoding, setDecoding] = useParam("undecodable")
  return (
    <div className="mb-2 flex flex-wrap gap-2">
      <ConsumerFilter />
      <FilterText name="event" label="Name of the event" placeholder="Event, as invoice.*" />
      <FilterText name="tag" label="Tag of the error" placeholder="Tag, as NoShelf" />
      <FilterText name="aggregate" label="Aggregate" placeholder="module/Type/id" />
      <Choose
        label="When they gave up"
        value={since ?? ""}
        onChange={(value) => setSince(value === "" ? undefined : value)}
        choices={sinceChoices}
      />
      <Choose
        label="Whether they could be decoded"
        value={decoding ?? ""}
        onChange={(value) => setDecoding(value === "" ? undefined : value)}
        choices={[
          { value: "", label: "Decodable or not" },
          { value: "yes", label: "Undecodable" },
          { value: "no", label: "Decodable" }
        ]}
      />
      {isFiltered(params) ? (
        <Button look="quiet" onClick={() => change(noFilters)}>
          Clear filters
        </Button>
      ) : null}
    </div>
  )
}

const Letters = ({ letters }: { readonly letters: ReadonlyArray<DeadLetter> }) => {
  const [selection] = useSelection()
  const { handlers, show, shown, waits } = useCalm(letters, ({ deliveryId }) => deliveryId, selection.size > 0)
  return (
    <div {...handlers}>
      {waits > 0 ? (
        <Button onClick={show} className="mt-2">
          Show {exact(waits)} new
        </Button>
      ) : null}
      <LetterTable label="Dead letters, the last first" letters={shown} />
    </div>
  )
}

export const LettersView = () => {
  const [params] = useParams()
  const query = useAskPages("/dead-letters", { ...queryOf(params), limit: 100 }, { every: 5_000 })
  const { error, items } = query
  const unsaid = useUnsaid(error, items !== undefined)
  const count = items === undefined || query.hasNextPage ? undefined : items.length
  return (
    <>
      <Filters />
      <div className="mb-3">
        <WorkBar
          all={filterOf(params)}
          isEmpty={items?.length === 0}
          {...(count === undefined ? {} : { countText: exact(count) })}
        />
      </div>
      <Started />
      {unsaid === undefined ? null : <ProblemNote problem={unsaid} onRetry={() => void query.refetch()} />}
      {items === undefined ? (
        unsaid === undefined ? (
          <SkeletonRows />
        ) : null
      ) : items.length === 0 ? (
        <Empty title={isFiltered(params) ? "No dead letter matches these filters" : "Nothing gave up"} />
      ) : (
        <Letters letters={items} />
      )}
      <More
        count={items?.length ?? 0}
        what="dead letters"
        hasMore={query.hasNextPage}
        isAsking={query.isFetchingNextPage}
        onMore={() => void query.fetchNextPage()}
      />
    </>
  )
}
