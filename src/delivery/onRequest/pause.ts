/**
 * Pausing consumers and letting them go on, in every process.
 *
 * @internal
 */
import { Effect } from "effect"
import { ConsumerNotFound } from "../../errors/OperationErrors.ts"
import type { Engine } from "../engine.ts"

export const setPaused = (engine: Engine, isPaused: boolean) =>
  Effect.fn(`Processor.${isPaused ? "pause" : "resume"}`)(function* (consumer: string) {
    const exists = yield* engine.subscriptions.setPaused(consumer, isPaused)
    if (!exists) return yield* new ConsumerNotFound({ consumer })
    yield* engine.transactor.afterCommit(engine.notifier.announce([consumer]))
  })
