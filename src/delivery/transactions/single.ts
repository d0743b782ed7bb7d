/**
 * The only delivery of its transaction: behind a savepoint, so that its failure is charged in the same transaction and its
 * row is never free in between.
 *
 * @internal
 */
import { Cause, type Context, Data, Effect, Equal, Exit, Option } from "effect"
import { TransactionAborted } from "../../errors/HandlerErrors.ts"
import { isAborted, isContention } from "../../errors/sqlState.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { FailedStatement } from "../../stores/Transactor.ts"
import { type Engine, untraced } from "../engine.ts"
import { counted } from "../handlers/countRun.ts"
import * as Handlers from "../handlers/handlers.ts"
import { withHandlerTimeout } from "../handlers/handlerTimeout.ts"
import { failedOutcome, type Outcome } from "../handlers/outcome.ts"
import { runHandler } from "../handlers/runHandler.ts"
import type { TransactionRequest } from "./result.ts"

/** Rolls back the savepoint of a single delivery; compared by reference, as `Abandoned` is. */
class Undone extends Data.TaggedError("Undone")<{ readonly outcome: Outcome }> {
  constructor(fields: { readonly outcome: Outcome }) {
    super(fields)
    Equal.byReferenceUnsafe(this)
  }
}

/** Times a single delivery is repeated when other transactions stand in its way, before that counts as its failure. */
const maxRepeats = 10

export const chargesContention = (request: TransactionRequest) => request.repeats >= maxRepeats

/** The failure of the check of constraints: it is refused as such when the handler went on after a failed statement. */
const constraintFailure = (
  consumer: Consumer,
  row: Claimed,
  cause: Cause.Cause<unknown>,
  failed: FailedStatement | undefined
): Outcome =>
  failedOutcome(
    isAborted(cause)
      ? Cause.fail(new TransactionAborted({ consumer: consumer.name, eventName: row.eventName, failed }))
      : cause
  )

/** A single delivery behind a savepoint. Leaves the transaction only for what cannot be undone by it. */
export const runSingle = Effect.fnUntraced(function* (
  engine: Engine,
  request: TransactionRequest,
  row: Claimed,
  outer: Context.Context<never>
) {
  const { checkSavepoint, failedStatement, withTransaction } = engine.transactor
  const { consumer, rules } = request.round
  const handled = yield* Effect.gen(function* () {
    const handlers = Handlers.make(engine, consumer, outer, yield* Effect.context<never>())
    const subscriber = handlers.of(row)
    if (subscriber === undefined || request.avoided?.has(row.deliveryId) === true) return undefined
    const result = yield* counted(
      engine,
      consumer,
      row,
      withHandlerTimeout(() => runHandler(subscriber, row, handlers.contextOf(subscriber)), rules.timeoutMillis)
    )
    if (Option.isNone(result)) return yield* Handlers.timedOut(engine, consumer, [row], rules.timeoutMillis)
    const outcome = result.value
    const isForsaken = (yield* CurrentClientTransaction)?.isForsaken() === true
    // Not even its savepoint would keep out what its code goes on writing.
    if (isForsaken && outcome._tag === "Failed") {
      return yield* new Handlers.Abandoned({ candidates: [row], cause: outcome.cause })
    }
    if (isForsaken && outcome._tag === "Snoozed") return yield* new Handlers.PutBack({ snoozed: [[row, outcome]] })
    if (outcome._tag === "Failed" || outcome._tag === "Snoozed") return yield* new Undone({ outcome })
    const checked = yield* Effect.exit(untraced(checkSavepoint))
    if (Exit.isFailure(checked)) {
      const failed = yield* failedStatement
      return yield* new Undone({ outcome: constraintFailure(consumer, row, checked.cause, failed) })
    }
    return outcome
  }).pipe(
    withTransaction,
    Effect.catchTag("Undone", ({ outcome }) => Effect.succeed(outcome))
  )
  if (handled?._tag === "Failed" && isContention(handled.cause) && !chargesContention(request)) {
    return yield* new Handlers.Abandoned({ candidates: [row], cause: handled.cause })
  }
  return handled === undefined ? [] : [[row, handled] as const]
})
