/**
 * Pausing consumers and letting them go on, in every process.
 *
 * @internal
 */
import { Effect } from "effect"
import { consumerNotFound } from "../../errors/consumerNotFound.ts"
import type { ConsumerNotFound } from "../../errors/OperationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { entryOf } from "../../stores/AuditStore.ts"
import type { Engine } from "../engine.ts"

/** Pauses a consumer, or ends its pause. @since 0.1.0 */
export type SetPaused = (
  consumer: string,
  options?: { readonly reason?: string }
) => Effect.Effect<void, ConsumerNotFound | StoreError>

export const setPaused = (engine: Engine, isPaused: boolean): SetPaused =>
  Effect.fn(`Processor.${isPaused ? "pause" : "resume"}`)(function* (
    consumer: string,
    { reason }: { readonly reason?: string } = {}
  ) {
    const action = `consumers.${isPaused ? "pause" : "resume"}`
    const audit = yield* entryOf({ action, target: consumer, reason: reason ?? null })
    const change = Effect.gen(function* () {
      const isChanged = yield* engine.subscriptions.setPaused(consumer, isPaused)
      if (isChanged === undefined) {
        const all = yield* engine.subscriptions.consumers
        return yield* consumerNotFound(
          consumer,
          all.map((each) => each.consumer)
        )
      }
      if (isChanged) yield* engine.audit.add(audit)
      yield* engine.transactor.afterCommit(engine.notifier.announce([consumer]))
    })
    yield* engine.transactor.withTransaction(change)
  })
