/**
 * What this process serves, as it is recorded for others to know what it may have had in hand if it crashes.
 *
 * @internal
 */
import { Duration, Effect, PubSub, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { type Consumer, orderingOf } from "../../model/Consumer.ts"
import type { ServedOptions } from "../../stores/ReplicaStore.ts"
import { type Engine, untraced } from "../engine.ts"

/** How many deliveries of one batch are recorded at first, and later: few steps, as each is a statement. */
const recordedBatches = [64, 512] as const

/** How many deliveries of a consumer one of our batches may hold, as far as that is recorded. */
const recordedOf = (engine: Engine, { name }: Consumer) =>
  engine.recovery.recordedBatches.get(name) ?? recordedBatches[0]

/** Records how many deliveries one of our batches may hold, before it does: see `ReplicaStore.serve`. */
export const recordBatch = (engine: Engine, consumer: Consumer, limit: number) => {
  if (limit <= recordedOf(engine, consumer)) return Effect.void
  engine.recovery.recordedBatches.set(consumer.name, recordedBatches.find((size) => limit <= size) ?? limit)
  return recordServed(engine)
}

const millisOf = (given: Duration.Input | undefined) => (given === undefined ? undefined : Duration.toMillis(given))

/** What its code says: little, as each process of an application keeps it of all its consumers. */
export const servedOptions = ({ options }: Consumer): ServedOptions => {
  const { batchSize, concurrency, delayed, maxAttempts, mode, onDeadLetter, ordering, retryJitter } = options
  const said: { readonly [Name in keyof ServedOptions]-?: ServedOptions[Name] | undefined } = {
    mode,
    ordering,
    onDeadLetter,
    delayed,
    concurrency,
    batchSize,
    timeoutMs: millisOf(options.timeout),
    maxAttempts,
    retryBaseDelayMs: millisOf(options.retryBaseDelay),
    retryMaxDelayMs: millisOf(options.retryMaxDelay),
    retryJitterPercent: retryJitter === undefined ? undefined : Math.round(retryJitter * 10_000) / 100,
    hasRetrySchedule: options.retrySchedule === undefined ? undefined : true
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

/** Has the meters of what a consumer is served: of a number that appears with its first event nobody can tell that it has grown. */
const countFromZero = ({ registry, telemetry }: Engine, consumer: string) => {
  const meters = telemetry.meters.consumer(consumer)
  for (const name of registry.interestOf(consumer).names) meters.event(name)
}

/** Records what is served here now. One at a time: the last one to be written is the newest. */
export const recordServed = (engine: Engine): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const consumers = yield* engine.registry.consumers
    for (const { name } of consumers) countFromZero(engine, name)
    yield* engine.replicas.serve(
      consumers.map((consumer) => ({
        consumer: consumer.name,
        ordering: orderingOf(consumer),
        ...engine.registry.interestOf(consumer.name),
        workers: consumer.options.concurrency ?? 1,
        batch: recordedOf(engine, consumer),
        options: servedOptions(consumer)
      }))
    )
  }).pipe(untraced, engine.recovery.recording.withPermit)

/** Records it whenever it changes, so that nobody takes for served what this process has left. */
export const keepRecorded = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const changes = yield* PubSub.subscribe(engine.registry.changes)
    yield* PubSub.take(changes).pipe(
      Effect.andThen(engine.incident.survive(recordServed(engine))),
      Effect.forever,
      Effect.annotateLogs({ fiber: "served" }),
      Effect.forkScoped
    )
  })
