/**
 * Giving leases back: their handler did not run, or was interrupted.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import type { Leased } from "../../stores/Delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"

/** Ends a lease, if it is there, without counting its attempt, and tells who may take the delivery. */
const attempt = (engine: Engine, { name }: Consumer, row: Leased) =>
  Effect.flatMap(
    withStatementTimeout(engine, "inbox.giveBack", untraced(engine.inbox.giveBack(row, row.token))),
    (isEnded) => (isEnded ? engine.notifier.announce([name]) : Effect.void)
  )

/** Tries it once: where it fails, the lease runs out. */
export const giveBack = (engine: Engine, consumer: Consumer, row: Leased): Effect.Effect<void> =>
  Effect.ignore(attempt(engine, consumer, row))

/** Tries until the database answers. The lease is renewed meanwhile, so that nobody takes it for a crash. */
export const insistOnGivingBack = (
  engine: Engine,
  consumer: Consumer,
  row: Leased,
  leaseMillis: number
): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    engine.leases.track(row, leaseMillis),
    () => Effect.asVoid(engine.incident.survive(attempt(engine, consumer, row))),
    () => engine.leases.untrack(row.token)
  )
