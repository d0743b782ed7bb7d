/**
 * Transactions of statements of our own, without handlers.
 *
 * @internal
 */
import { Effect } from "effect"
import { repeatAlone } from "../../stores/contention.ts"
import { withLivenessLimit } from "../../stores/unresponsive.ts"
import type { ConsumerRules } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"

/** Runs one: repeated when others stood in its way. */
export const inOwnTransaction = <A, E, R>(
  engine: Engine,
  rules: Pick<ConsumerRules, "processingLeaseMs">,
  transaction: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const { abortableTransaction, limitIdle, withTransaction } = engine.transactor
    if (!engine.capabilities.lockTimeout) return yield* withTransaction(transaction)
    const liveness = { last: yield* engine.now }
    const limited = Effect.andThen(untraced(limitIdle(rules.processingLeaseMs)), transaction)
    return yield* withLivenessLimit((abort) => abortableTransaction(limited, abort), liveness, 0, rules)
  }).pipe(repeatAlone(Effect.succeed(false)))
