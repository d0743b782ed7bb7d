/**
 * Bounds of what the administration asks of the database: it must not be felt by those who work.
 *
 * @internal
 */
import { Effect, Semaphore } from "effect"
import { StoreError } from "../../errors/StoreErrors.ts"
import { CurrentActor } from "../../stores/AuditStore.ts"
import type { Transactor } from "../../stores/Transactor.ts"
import { endsWhenInterrupted } from "../../stores/unresponsive.ts"
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
  /** What is done on other connections, or for all of the process: not where the application's own transaction is open. */
  readonly unlessTheirs: (effect: Effect.Effect<void>) => Effect.Effect<void>
  /** For what opens transactions of its own, or has limits of its own. */
  readonly askFreely: <A>(answer: Effect.Effect<A, Tagged>) => Effect.Effect<A, Problem>
}

/** What the database said is told to nobody who asks, so it is written down here. */
const logRefusal = (error: Tagged) =>
  error instanceof StoreError ? Effect.logWarning("The administration was refused by the database", error) : Effect.void

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
        Effect.tapError(logRefusal),
        Effect.mapError(problemOf),
        turns.withPermit,
        Effect.timeoutOrElse({ duration: answerTime, orElse: () => Effect.fail(tooLong()) })
      )
    )
  const limited = <A>(answer: Effect.Effect<A, Tagged>): Effect.Effect<A, Tagged | StoreError> =>
    Effect.flatMap(transactor.isOpen, (isTheirs) =>
      isTheirs
        ? // The limit would be that of the application's own statements, until its transaction ends.
          transactor.withTransaction(answer)
        : endsWhenInterrupted((abort) =>
            transactor.abortableTransaction(Effect.andThen(transactor.limitStatements(statementMillis), answer), abort)
          )
    )
  const unlessTheirs = (effect: Effect.Effect<void>) =>
    Effect.flatMap(transactor.isOpen, (isTheirs) => (isTheirs ? Effect.void : effect))
  return { askFreely, unlessTheirs, ask: (answer) => askFreely(limited(answer)) }
}
