/** What stands where an answer is awaited, missing, or empty. */
import type { UseQueryResult } from "@tanstack/react-query"
import { RotateCw, TriangleAlert } from "lucide-react"
import type { ReactNode } from "react"
import { useLive } from "../api/live.ts"
import type { Problem } from "../api/request.ts"
import { asServer, useNow } from "../words/clock.ts"
import { ago } from "../words/numbers.ts"
import { Button } from "./Button.tsx"

/** A place that will be filled, of its final size. */
export const Skeleton = ({ className = "h-8 w-full" }: { readonly className?: string }) => (
  <div className={`skeleton ${className}`} />
)

/** Rows that will be filled. */
export const SkeletonRows = ({ count = 8 }: { readonly count?: number }) => (
  <div className="grid gap-2 py-2" aria-hidden="true">
    {Array.from({ length: count }, (_, index) => `row ${index}`).map((key) => (
      <Skeleton key={key} className="h-6" />
    ))}
  </div>
)

export const ProblemNote = ({
  onRetry,
  problem,
  since
}: {
  readonly problem: Problem
  /** When what is still shown was answered, in milliseconds since 1970. */
  readonly since?: number | undefined
  readonly onRetry?: (() => void) | undefined
}) => {
  const now = useNow()
  return (
    <div
      role="alert"
      className="my-2 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border border-line bg-gave-up-soft px-3 py-2"
    >
      <TriangleAlert size={16} className="shrink-0 text-gave-up" aria-hidden="true" />
      <p className="min-w-0 flex-1 break-words">
        <strong className="font-semibold">{problem.title}.</strong> {problem.message}
        {problem.issues.map(({ message, path }) => (
          <span key={`${path}${message}`} className="block text-muted">
            {path === "" ? message : `${path}: ${message}`}
          </span>
        ))}
        <span className="block text-sm text-muted">
          <code>{problem.request}</code>
          {since === undefined || since === 0 ? null : ` · what is shown was answered ${ago(asServer(since), now)}`}
        </span>
      </p>
      {onRetry === undefined ? null : (
        <Button onClick={onRetry}>
          <RotateCw size={14} aria-hidden="true" /> Try again
        </Button>
      )}
    </div>
  )
}

/** There is nothing, said in a sentence, and what to do. */
export const Empty = ({ children, title }: { readonly title: string; readonly children?: ReactNode }) => (
  <div className="grid justify-items-center gap-1 px-4 py-12 text-center">
    <p className="text-lg font-semibold">{title}</p>
    <div className="max-w-prose text-muted">{children}</div>
  </div>
)

/** A problem that is not said elsewhere already: that somebody has to sign in, or, where an answer is still shown, that the server is away. */
export const useUnsaid = (problem: Problem | null, isShown: boolean): Problem | undefined => {
  const { state } = useLive()
  if (problem === null || problem.status === 401) return undefined
  return problem.isUnreachable && isShown && state === "reconnecting" ? undefined : problem
}

/**
 * The answer to a question, in each of its states: a skeleton before the first answer, a problem beside the last good answer (greyed), the answer.
 */
export const Answered = <A,>({
  children,
  query,
  skeleton = <SkeletonRows />
}: {
  readonly query: UseQueryResult<A, Problem>
  readonly children: (answer: A) => ReactNode
  readonly skeleton?: ReactNode
}) => {
  const { data, dataUpdatedAt, error, refetch } = query
  const unsaid = useUnsaid(error, data !== undefined)
  return (
    <>
      {unsaid === undefined ? null : (
        <ProblemNote problem={unsaid} since={dataUpdatedAt} onRetry={() => void refetch()} />
      )}
      {data === undefined ? (
        unsaid === undefined ? (
          <div role="status">
            <span className="sr-only">Loading</span>
            {skeleton}
          </div>
        ) : null
      ) : (
        <div className={unsaid === undefined ? "contents" : "opacity-60"}>{children(data)}</div>
      )}
    </>
  )
}
