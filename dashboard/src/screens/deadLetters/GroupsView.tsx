/** All errors that something gave up with, or is retried after. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { ErrorGroup } from "../../api/wire.ts"
import { Answered, Empty } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { Choose } from "../../parts/Field.tsx"
import { useParam, useParams } from "../../parts/params.ts"
import { Ago } from "../../parts/Time.tsx"
import { exact } from "../../words/numbers.ts"
import { ConsumerFilter } from "./ConsumerFilter.tsx"
import { FilterText } from "./FilterText.tsx"
import { GroupTable } from "./GroupTable.tsx"
import { byWeight } from "./groups.ts"

type Shown = "open" | "all" | ErrorGroup["state"]

const choices = [
  { value: "open", label: "With open deliveries" },
  { value: "new", label: "New" },
  { value: "known", label: "Known" },
  { value: "resolved", label: "Resolved" },
  { value: "ignored", label: "Ignored" },
  { value: "all", label: "All of the last 90 days" }
] as const

const limit = 200

/** The groups that the address asks for. */
export const useGroups = () => {
  const [params] = useParams()
  const given = params.get("show")
  const show: Shown = choices.find(({ value }) => value === given)?.value ?? "open"
  const consumer = params.get("consumer")
  const errorTag = params.get("tag")
  const query = useAsk(
    "/error-groups",
    {
      query: {
        limit,
        ...(show === "open" ? { onlyOpen: true } : show === "all" ? {} : { state: [show] }),
        ...(consumer === null ? {} : { consumer }),
        ...(errorTag === null ? {} : { errorTag })
      }
    },
    { every: 5_000 }
  )
  return { query, show, isFiltered: show !== "open" || consumer !== null || errorTag !== null }
}

const LastResolved = () => {
  const last = useAsk("/error-groups", { query: { state: ["resolved"], limit: 1 } }, { every: false }).data?.items[0]
  return last === undefined || last.resolvedAt === null ? (
    <>Every delivery was processed, is waiting, or was skipped on purpose.</>
  ) : (
    <>
      The last error was resolved <Ago at={last.resolvedAt} />:{" "}
      <Link href={`/dead-letters/${last.fingerprint}`} className="text-accent hover:underline">
        {last.title}
      </Link>
    </>
  )
}

const Groups = ({ groups, isMore }: { readonly groups: ReadonlyArray<ErrorGroup>; readonly isMore: boolean }) => {
  const { handlers, show, shown, waits } = useCalm(byWeight(groups), ({ fingerprint }) => fingerprint)
  return (
    <div {...handlers}>
      {waits > 0 ? (
        <Button onClick={show} className="mb-2">
          Show {exact(waits)} new
        </Button>
      ) : null}
      <GroupTable groups={shown} />
      {isMore ? (
        <p className="py-3 text-muted">These are the {exact(limit)} that were seen last. A filter leads to others.</p>
      ) : null}
    </div>
  )
}

export const GroupsView = () => {
  const { isFiltered, query, show } = useGroups()
  const [, setShow] = useParam("show")
  const [, change] = useParams()
  return (
    <>
      <div className="mb-2 flex flex-wrap gap-2">
        <Choose<Shown>
          label="Which errors"
          value={show}
          onChange={(value) => setShow(value === "open" ? undefined : value)}
          choices={choices}
        />
        <ConsumerFilter />
        <FilterText label="Tag of the error" name="tag" placeholder="Tag, as NoShelf" />
        {isFiltered ? (
          <Button look="quiet" onClick={() => change({ show: undefined, consumer: undefined, tag: undefined })}>
            Clear filters
          </Button>
        ) : null}
      </div>
      <Answered query={query}>
        {({ items, next }) =>
          items.length > 0 ? (
            <Groups groups={items} isMore={next !== undefined} />
          ) : isFiltered ? (
            <Empty title="No error matches these filters" />
          ) : (
            <Empty title="Nothing gave up">
              <LastResolved />
            </Empty>
          )
        }
      </Answered>
    </>
  )
}
