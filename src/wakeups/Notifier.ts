/**
 * In-memory wake-ups: a `Queue` per consumer that holds at most one. A wake-up is a hint that makes delivery fast;
 * losing one costs at most one poll.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Queue } from "effect"
import { BoundedMap } from "../collections/bounded.ts"
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
     * Wakes one waiting worker of each consumer in this process; without one, the wake-up is kept for the next to wait
     * (of consumers nobody has waited for here, for the last 10,000).
     */
    readonly wake: (consumers: Iterable<string>) => Effect.Effect<void>
    /** Wakes workers as `wake` does, in every process, as far as processes can reach each other. */
    readonly announce: (consumers: Iterable<string>) => Effect.Effect<void>
    /**
     * Calls a function at every wake-up of this process: somebody may have work. It has to return at once, and is not to fail.
     * Returns what ends it.
     */
    readonly listen: (listener: () => void) => Effect.Effect<() => void>
    /** Waits for a wake-up of a consumer; returns at once if one came since the last call. */
    readonly wait: (consumer: string) => Effect.Effect<void>
  }
>()("effect-integration/Notifier") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Notifier> = Layer.effect(
    Notifier,
    Effect.gen(function* () {
      const broadcast = yield* Broadcast
      /** Of consumers that somebody has waited for: they are served here. */
      const queues = new Map<string, Queue.Queue<void>>()
      /** Wake-ups of others: one before the worker's first wait must not be lost. Most are served elsewhere. */
      const early = new BoundedMap<string, true>()
      const listeners = new Set<() => void>()
      const tell = Effect.sync(() => {
        for (const listener of listeners) listener()
      })
      const wakeQueues = (consumers: Iterable<string>) =>
        Effect.forEach(
          consumers,
          (consumer) =>
            Effect.suspend(() => {
              const queue = queues.get(consumer)
              if (queue !== undefined) return Queue.offer(queue, undefined)
              early.set(consumer, true)
              return Effect.void
            }),
          { discard: true }
        )
      const wake = (consumers: Iterable<string>) => Effect.andThen(wakeQueues(consumers), tell)
      const wakeAll = Effect.suspend(() => wake([...queues.keys()]))
      const queueOf = Effect.fnUntraced(function* (consumer: string) {
        const made = queues.has(consumer) ? undefined : yield* Queue.sliding<void>(1)
        const queue = queues.get(consumer) ?? (made as Queue.Queue<void>)
        queues.set(consumer, queue)
        if (early.delete(consumer)) yield* Queue.offer(queue, undefined)
        return queue
      })
      // Only those somebody has waited for: the others are not served here.
      yield* broadcast.receive((consumers) =>
        consumers === undefined ? wakeAll : wake(consumers.filter((consumer) => queues.has(consumer)))
      )
      return Notifier.of({
        wake,
        announce: (consumers) => {
          const names = [...consumers]
          return Effect.andThen(wake(names), broadcast.send(names))
        },
        listen: (listener) =>
          Effect.sync(() => {
            listeners.add(listener)
            return () => {
              listeners.delete(listener)
            }
          }),
        wait: (consumer) => Effect.flatMap(queueOf(consumer), Queue.take)
      })
    })
  )
}
