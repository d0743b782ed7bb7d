/**
 * Giving leases back: their handler did not run, or was interrupted.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Leased } from "../../stores/Delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"

/** Ends a lease, if it is there, without counting its attempt. */
const attempt = (engine: Engine, { deliveryId, token }: Leased) =>
  withStatementTimeout(engine, "inbox.giveBack", untraced(engine.inbox.giveBack(deliveryId, token)))

/** Tries it once: where it fails, the lease runs out. */
export const giveBack = (engine: Engine, row: Leased): Effect.Effect<void> => Effect.ignore(attempt(engine, row))

/** Tries until the database answers. The lease is renewed meanwhile, so that nobody takes it for a crash. */
export const insistOnGivingBack = (engine: Engine, row: Leased, leaseMillis: number): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    engine.leases.track(row.deliveryId, row.token, leaseMillis),
    () => Effect.asVoid(engine.incident.survive(attempt(engine, row))),
    () => engine.leases.untrack(row.token)
  )
