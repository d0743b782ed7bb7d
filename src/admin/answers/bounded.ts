/**
 * Bounds of what the administration asks of the database: it must not be felt by those who work.
 *
 * @internal
 */
import { Effect, Semaphore } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { CurrentActor } from "../../stores/AuditStore.ts"
import type { Transactor } from "../../stores/Transactor.ts"
import { CurrentUser } from "../access.ts"
import { type Problem, Unavailable } from "../problems.ts"
import { problemOf } from "./problemOf.ts"

/** Connections that the administration of a process has at most. */
const connections = 2

/** How long one statement may take, in milliseconds. */
const statementMillis = 2000

/** How long an answer may take in all, with the wait for its turn. */
const answerTime = "15 seconds"

interface Tagged extends Error {
  readonly _tag: string
}

/** Answers of the administration, within its bounds. */
export interface Bounded {
  /** In one transaction, whose statements are limited. */
  readonly ask: <A>(answer: Effect.Effect<A, Tagged>) => Effect.Effect<A, Problem>
  /** For what opens transactions of its own, or has limits of its own. */
  readonly askFreely: <A>(answer: Effect.Effect<A, Tagged>) => Effect.Effect<A, Problem>
}

const tooLong = () =>
  new Unavailable({
    detail: "There was no answer within 15 seconds: the database is busy, or cannot be reached. Try again later."
  })

export const makeBounded = (transactor: Transactor["Service"]): Bounded => {
  const turns = Semaphore.makeUnsafe(connections)
  const askFreely = <A>(answer: Effect.Effect<A, Tagged>): Effect.Effect<A, Problem> =>
    Effect.flatMap(CurrentUser, ({ name, role }) =>
      answer.pipe(
        Effect.provideService(CurrentActor, { name, role }),
        Effect.mapError(problemOf),
        turns.withPermit,
        Effect.timeoutOrElse({ duration: answerTime, orElse: () => Effect.fail(tooLong()) })
      )
    )
  const limited = <A>(answer: Effect.Effect<A, Tagged>): Effect.Effect<A, Tagged | StoreError> =>
    transactor.withTransaction(Effect.andThen(transactor.limitStatements(statementMillis), answer))
  return { askFreely, ask: (answer) => askFreely(limited(answer)) }
}
