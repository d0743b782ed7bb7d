/**
 * Gives events their final status after their deliveries were settled, off the handlers' path.
 *
 * Ids wait a moment, so that many take one statement, in a bounded queue; what does not fit, or is lost with the
 * process, is found by the poller's sweep.
 *
 * @internal
 */
import { type Duration, Effect, Queue, type Scope, Semaphore } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Settings } from "../../settings/Settings.ts"
import type { OutboxStore } from "../../stores/OutboxStore.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import type { Incident, RollUp } from "../engine.ts"

/** Events in one statement. */
const batch = 1000

/**
 * @param collectFor - how long ids are collected: one statement for each delivery would cost as much as the delivery
 */
export const make = (
  outbox: OutboxStore["Service"],
  incident: Incident,
  settings: Settings["Service"],
  collectFor: Duration.Duration
): Effect.Effect<RollUp, never, Scope.Scope> =>
  Effect.gen(function* () {
    const queue = yield* Queue.dropping<string>(50 * batch)
    const signal = yield* Queue.sliding<void>(1)
    // One roll-up at a time: whoever flushes must not return while ids taken before are still under way.
    const mutex = yield* Semaphore.make(1)
    const rollUpAll = (rollUp: (ids: ReadonlyArray<string>) => Effect.Effect<unknown, StoreError>) =>
      Effect.gen(function* () {
        const ids = [...new Set(yield* Queue.clear(queue))]
        let start = 0
        yield* Effect.gen(function* () {
          for (; start < ids.length; start += batch) yield* rollUp(ids.slice(start, start + batch))
        }).pipe(
          // Left to who comes next: the end, if it was what interrupted this.
          Effect.onError(() => Queue.offerAll(queue, ids.slice(start)))
        )
      }).pipe(mutex.withPermit)
    // What is still waiting at the end is not left to another process's sweep, unless the store is gone.
    yield* Effect.addFinalizer(() =>
      rollUpAll((ids) => outbox.rollUp(ids)).pipe(
        Effect.timeoutOption("2 seconds"),
        Effect.interruptible,
        Effect.ignoreCause
      )
    )
    yield* Queue.take(signal).pipe(
      Effect.andThen(Effect.sleep(collectFor)),
      Effect.andThen(
        rollUpAll((ids) => incident.survive(withStatementTimeout({ settings }, "outbox.rollUp", outbox.rollUp(ids))))
      ),
      Effect.forever,
      Effect.forkScoped
    )
    return {
      offer: (eventIds) =>
        eventIds.length === 0
          ? Effect.void
          : Effect.andThen(Queue.offerAll(queue, eventIds), Effect.asVoid(Queue.offer(signal, undefined))),
      flush: rollUpAll((ids) => outbox.rollUp(ids))
    }
  })
