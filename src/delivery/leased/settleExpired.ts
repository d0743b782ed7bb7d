/**
 * Leases that ran out: their process, or its connection to the database, has ended, or it gives no sign of life.
 *
 * Nobody can tell a process whose event loop is blocked from one that is frozen. So one that runs keeps its delivery for as
 * long as its handler may take and a little more, as it does in a transaction; then that is the handler's failure.
 *
 * @internal
 */
import { Effect } from "effect"
import { type Engine, untraced } from "../engine.ts"
import { crashedOutcome, unresponsiveOutcome } from "../handlers/outcome.ts"
import { followUp } from "../transactions/followUp.ts"
import { inOwnTransaction } from "../transactions/ownTransaction.ts"
import type { Unprocessed } from "../transactions/result.ts"
import type { Round } from "../transactions/round.ts"
import { unparkNext } from "../transactions/unparkNext.ts"
import { unprocessed } from "../transactions/unprocessed.ts"

/** Leases that ran out, settled in one transaction. */
const expiredLimit = 100

/** Settles attempts whose lease ran out, as failures. Returns how many. */
export const settleExpired = Effect.fnUntraced(function* (engine: Engine, round: Pick<Round, "consumer" | "rules">) {
  const { consumer, rules } = round
  const transaction = Effect.gen(function* () {
    const found = yield* engine.inbox.expired(consumer.name, expiredLimit, rules.idleMillis - rules.processingLeaseMs)
    // Ours are late because this process was: they are renewed by the next heartbeat.
    const rows = found.filter(({ token }) => !engine.leases.isTracked(token))
    const charged: Array<Unprocessed> = []
    for (const row of rows) {
      const outcome = row.isHolderRunning
        ? unresponsiveOutcome(consumer, row, rules.idleMillis)
        : crashedOutcome(consumer, row, rules.processingLeaseMs)
      const each = yield* unprocessed(row, outcome, rules.retry, 0)
      if (yield* engine.inbox.settleLease(each.settlement, row.token)) charged.push(each)
    }
    yield* unparkNext(engine, round, rows, { waits: true })
    return charged
  })
  const charged = yield* inOwnTransaction(engine, rules, untraced(transaction))
  return yield* followUp(engine, consumer, [], charged)
})
