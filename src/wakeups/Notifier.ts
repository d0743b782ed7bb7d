/**
 * In-memory wake-ups: a `Queue` per consumer that holds at most one. A wake-up is a hint that makes delivery fast;
 * losing one costs at most one poll.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Queue } from "effect"
import { Broadcast } from "./Broadcast.ts"

/**
 * Wakes the workers of this process.
 *
 * @since 0.1.0
 */
export class Notifier extends Context.Service<
  Notifier,
  {
    /**
     * Wakes one waiting worker of each consumer in this process; without one, the wake-up is kept for the next to wait.
     */
    readonly wake: (consumers: Iterable<string>) => Effect.Effect<void>
    /** Wakes workers as `wake` does, in every process, as far as processes can reach each other. */
    readonly announce: (consumers: Iterable<string>) => Effect.Effect<void>
    /** Waits for a wake-up of a consumer; returns at once if one came since the last call. */
    readonly wait: (consumer: string) => Effect.Effect<void>
  }
>()("effect-integration/Notifier") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Notifier> = Layer.effect(
    Notifier,
    Effect.gen(function* () {
      const broadcast = yield* Broadcast
      const queues = new Map<string, Queue.Queue<void>>()
      const queueOf = (consumer: string) =>
        Effect.suspend(() => {
          const existing = queues.get(consumer)
          return existing === undefined
            ? Effect.tap(Queue.sliding<void>(1), (queue) => Effect.sync(() => queues.set(consumer, queue)))
            : Effect.succeed(existing)
        })
      const wake = (consumers: Iterable<string>) =>
        Effect.forEach(
          consumers,
          (consumer) => Effect.flatMap(queueOf(consumer), (queue) => Queue.offer(queue, undefined)),
          {
            discard: true
          }
        )
      const wakeAll = Effect.suspend(() => wake([...queues.keys()]))
      // Only those somebody has waited for: the others are not served here.
      yield* broadcast.receive((consumers) =>
        consumers === undefined ? wakeAll : wake(consumers.filter((consumer) => queues.has(consumer)))
      )
      return Notifier.of({
        // A queue is made for whoever is named first: a wake-up before the worker's first wait must not be lost.
        wake,
        announce: (consumers) => {
          const names = [...consumers]
          return Effect.andThen(wake(names), broadcast.send(names))
        },
        wait: (consumer) => Effect.flatMap(queueOf(consumer), Queue.take)
      })
    })
  )
}
