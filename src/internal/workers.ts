/**
 * The workers of this process: which consumers they serve, and how they start and stop.
 *
 * @internal
 */
import { Deferred, type Duration, Effect, Fiber, type Scope, Semaphore, Stream } from "effect"
import type { Consumer } from "../Consumer.ts"
import { run, type Stop } from "./consumerLoop.ts"
import type { Engine } from "./engine.ts"

interface Served {
  readonly stop: Stop
  readonly fibers: ReadonlyArray<Fiber.Fiber<void>>
}

export interface Workers {
  /** Starts workers for every consumer that has handlers, and stops those whose handlers are gone. */
  readonly reconcile: Effect.Effect<void>
  /**
   * Keeps consumers without workers in the current scope's beginning and end: `hold` stops them (letting running
   * handlers finish within the grace period), `release` allows them again.
   */
  readonly hold: (consumers: ReadonlyArray<string>) => Effect.Effect<void>
  readonly release: (consumers: ReadonlyArray<string>) => Effect.Effect<void>
}

/** Asks workers to stop, and interrupts those that have not by the end of the grace period. */
const stopWorkers = Effect.fnUntraced(function* (served: ReadonlyArray<Served>, grace: Duration.Duration) {
  for (const { stop } of served) {
    stop.isStopping = true
    yield* Deferred.succeed(stop.requested, undefined)
  }
  const fibers = served.flatMap((_) => _.fibers)
  const ended = Effect.interruptible(Effect.timeoutOption(Fiber.awaitAll(fibers), grace))
  yield* ended
  yield* Fiber.interruptAll(fibers)
})

/**
 * @param options.grace - how long running handlers may take to finish when their workers are stopped
 */
export const make = (
  engine: Engine,
  options: { readonly grace: Duration.Duration }
): Effect.Effect<Workers, never, Scope.Scope> =>
  Effect.gen(function* () {
    const served = new Map<string, Served>()
    const held = new Map<string, number>()
    const mutex = yield* Semaphore.make(1)
    const scope = yield* Effect.scope

    const start = Effect.fnUntraced(function* (consumer: Consumer) {
      const stop: Stop = { requested: yield* Deferred.make<void>(), isStopping: false }
      const fibers = yield* Effect.replicateEffect(
        Effect.forkIn(run(engine, consumer, stop), scope),
        consumer.options.concurrency ?? 1
      )
      served.set(consumer.name, { stop, fibers })
    })
    const stopAll = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
      const ending = names.flatMap((name) => served.get(name) ?? [])
      yield* stopWorkers(ending, options.grace)
      for (const name of names) served.delete(name)
    })
    const reconcile = Effect.gen(function* () {
      const consumers = yield* engine.registry.consumers
      const wanted = new Set(consumers.map((_) => _.name).filter((name) => !held.has(name)))
      yield* stopAll([...served.keys()].filter((name) => !wanted.has(name)))
      for (const consumer of consumers) {
        if (wanted.has(consumer.name) && !served.has(consumer.name)) yield* start(consumer)
      }
    }).pipe(mutex.withPermit, Effect.uninterruptible)
    const count = (names: ReadonlyArray<string>, by: number) =>
      Effect.sync(() => {
        for (const name of names) {
          const next = (held.get(name) ?? 0) + by
          if (next > 0) held.set(name, next)
          else held.delete(name)
        }
      })
    yield* Effect.addFinalizer(() => mutex.withPermit(Effect.suspend(() => stopAll([...served.keys()]))))
    yield* Stream.fromPubSub(engine.registry.changes).pipe(
      Stream.runForEach(() => reconcile),
      Effect.forkScoped
    )
    return {
      reconcile,
      hold: (consumers) => Effect.andThen(count(consumers, 1), reconcile),
      release: (consumers) => Effect.andThen(count(consumers, -1), reconcile)
    }
  })
