/** One operation: what was asked for, by whom, and what came of it. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Operation } from "../../api/wire.ts"
import { Answered } from "../../parts/Answers.tsx"
import { Id } from "../../parts/Copy.tsx"
import { Drawer } from "../../parts/Drawer.tsx"
import { Facts } from "../../parts/Panel.tsx"
import { Ago, Clock } from "../../parts/Time.tsx"
import { exact } from "../../words/numbers.ts"
import { OperationStanding, useOperation } from "./OperationProgress.tsx"
import { filterWords } from "./words.ts"

const Asked = ({ operation: { filter } }: { readonly operation: Operation }) => {
  const { fingerprint } = filter
  const group = useAsk(
    "/error-groups/:id",
    { params: { id: fingerprint ?? "" } },
    { enabled: fingerprint !== undefined, every: false }
  ).data
  const words = filterWords(filter, () => group?.title)
  return fingerprint === undefined ? (
    words
  ) : (
    <>
      {words}{" "}
      <Link href={`/dead-letters/${fingerprint}`} className="whitespace-nowrap text-accent underline">
        Open the error
      </Link>
    </>
  )
}

const canaryWords = ({ canary, kind }: Operation) => {
  if (kind === "discard") return "none: what is discarded cannot fail again"
  return canary === 0 ? "none" : `${exact(canary)} first; one that fails again ends it`
}

const factsOf = (operation: Operation): ReadonlyArray<readonly [string, ReactNode]> => [
  ["Which", <Asked key="filter" operation={operation} />],
  [
    "Cut-off",
    <span key="cut">
      those that had given up by <Clock at={operation.cutOff} />
    </span>
  ],
  ["By", `${operation.by}, ${operation.role}`],
  ["Reason", operation.reason ?? <span className="text-faint">none was given</span>],
  ["Canary", canaryWords(operation)],
  ["Pace", operation.pace === null ? "as fast as it goes" : `${exact(operation.pace)} per second`],
  ["Total", `${operation.isTotalExact ? "" : "at least "}${exact(operation.total)}`],
  ["Begun", <Ago key="created" at={operation.createdAt} />],
  ["Last step", <Ago key="updated" at={operation.updatedAt} />],
  ["Ended", operation.finishedAt === null ? "not yet" : <Ago key="finished" at={operation.finishedAt} />],
  ...(operation.stoppedBy === null ? [] : [["Stopped by", operation.stoppedBy] as const]),
  ["Id", <Id key="id" id={operation.id} />]
]

export const OperationDrawer = ({ id, onClose }: { readonly id: string | undefined; readonly onClose: () => void }) => {
  const { operation, query } = useOperation(id)
  const title =
    operation === undefined
      ? "Operation"
      : `${operation.kind === "requeue" ? "Requeue" : "Discard"} ${exact(operation.total)}`
  return (
    <Drawer title={title} isOpen={id !== undefined} onClose={onClose}>
      <Answered query={query}>
        {(answer) =>
          answer.id === id ? (
            <div className="grid gap-4">
              <OperationStanding operation={answer} isLinked={false} />
              <section className="grid gap-2 border-t border-line pt-3">
                <h3>What was asked for</h3>
                <Facts facts={factsOf(answer)} />
              </section>
            </div>
          ) : null
        }
      </Answered>
    </Drawer>
  )
}
