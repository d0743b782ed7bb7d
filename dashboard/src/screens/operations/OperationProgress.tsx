/** An operation as it goes on: asked for each second until all of it is settled. */
import { type ReactNode, useState } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Operation } from "../../api/wire.ts"
import { Answered, Skeleton } from "../../parts/Answers.tsx"
import { ActionButton } from "../../parts/Button.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { OperationBar } from "./OperationBar.tsx"
import { StopDialog } from "./StopDialog.tsx"
import { adviceOf, isActive, isUnderWay, lookOf, sentenceOf } from "./words.ts"

/** The answer for an operation, with the pace at which it is asked for. */
export const useOperation = (id: string | undefined) => {
  const [isDone, setDone] = useState<string>()
  const query = useAsk(
    "/operations/:id",
    { params: { id: id ?? "" } },
    { enabled: id !== undefined, every: isDone === id ? 10_000 : 1_000 }
  )
  const operation = query.data?.id === id ? query.data : undefined
  if (operation !== undefined && !isActive(operation) && isDone !== id) setDone(id)
  if (operation !== undefined && isActive(operation) && isDone === id) setDone(undefined)
  return { query, operation }
}

export const OperationStanding = ({
  actions,
  isLinked = true,
  operation
}: {
  readonly operation: Operation
  /** Whether it leads to its own page. */
  readonly isLinked?: boolean
  readonly actions?: ReactNode
}) => {
  const [isStopping, setStopping] = useState(false)
  const [state, word] = lookOf(operation)
  const advice = adviceOf(operation)
  const Heading = isLinked ? "h2" : "h3"
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Heading>{operation.kind === "requeue" ? "Requeue" : "Discard"}</Heading>
        <StateMark state={state} word={word} />
        <span className="ml-auto flex flex-wrap items-center gap-2">
          {isUnderWay(operation) ? (
            <ActionButton action="operations.stop" onClick={() => setStopping(true)}>
              Stop
            </ActionButton>
          ) : null}
          {isLinked ? (
            <Link
              href={`/operations/${operation.id}`}
              className="inline-flex h-8 items-center text-accent hover:underline"
            >
              Details
            </Link>
          ) : null}
          {actions}
        </span>
      </div>
      <OperationBar operation={operation} />
      <p aria-live="polite">{sentenceOf(operation)}</p>
      {advice === undefined ? null : (
        <p className={operation.state === "canary-failed" ? "rounded-md bg-gave-up-soft px-3 py-2" : "text-muted"}>
          {advice}
        </p>
      )}
      {operation.lastError === null ? null : (
        <pre className="max-h-40 overflow-auto rounded-md bg-hover px-3 py-2 whitespace-pre-wrap break-words">
          {operation.lastError}
        </pre>
      )}
      <StopDialog operation={operation} isOpen={isStopping} onClose={() => setStopping(false)} />
    </div>
  )
}

/** The same by its id. */
export const OperationProgress = ({ actions, id }: { readonly id: string; readonly actions?: ReactNode }) => {
  const { query } = useOperation(id)
  return (
    <Answered query={query} skeleton={<Skeleton className="h-24 w-full" />}>
      {(operation) => <OperationStanding operation={operation} actions={actions} />}
    </Answered>
  )
}
