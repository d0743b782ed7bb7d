/**
 * Careful attempts: one delivery at a time, with a note that outlives a crash.
 *
 * After a process or a connection ended in the middle of a batch, nobody knows which delivery was to blame. So those that
 * may have been in it are handled alone, and a note is written of each before its handler runs: a note that is found
 * while the delivery's row is free was left by a crash, and counts as a failed attempt.
 *
 * Careful attempts of different consumers share the process, until one has crashed before: that one runs while no other
 * careful attempt does, so that the next crash is charged to it alone.
 *
 * @internal
 */
import { Cause, Effect, Semaphore } from "effect"
import type { Consumer } from "../Consumer.ts"
import { HandlerCrashed, type StoreError } from "../Errors.ts"
import type { Claimed } from "../InboxStore.ts"
import type { ReplicaStore } from "../ReplicaStore.ts"
import type { Outcome } from "./deliver.ts"
import { Directive } from "./directive.ts"

export interface Care {
  /** Runs careful attempts of one consumer one after the other, beside those of others. */
  readonly shared: (consumer: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs an attempt beside others that are not exclusive. */
  readonly beside: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs a careful attempt while no other careful attempt runs in this process. */
  readonly exclusive: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Consumers that were careful at their last claim. */
  readonly consumers: Set<string>
  /** Consumers of which a connection ended in the middle of a batch, until that is known to everybody. */
  readonly lost: Set<string>
  /** How many deliveries a batch of a consumer may hold, as it is recorded. */
  readonly batches: Map<string, number>
}

/** More than there are ever careful consumers in a process. */
const everybody = 100_000

export const make: Effect.Effect<Care> = Effect.gen(function* () {
  const process = yield* Semaphore.make(everybody)
  const consumers = new Map<string, Semaphore.Semaphore>()
  const semaphoreOf = (consumer: string) => {
    const known = consumers.get(consumer) ?? Semaphore.makeUnsafe(1)
    consumers.set(consumer, known)
    return known
  }
  return {
    shared: (consumer) => (effect) => semaphoreOf(consumer).withPermit(process.withPermit(effect)),
    beside: (effect) => process.withPermit(effect),
    exclusive: (effect) => process.withPermits(everybody)(effect),
    consumers: new Set(),
    lost: new Set(),
    batches: new Map()
  }
})

/** What a careful attempt does with a delivery it has claimed. */
export type Advice =
  /** A note has been written: run it. */
  | { readonly _tag: "Run" }
  /** An earlier attempt crashed, so many milliseconds after it began: it is charged now, instead of a run. */
  | { readonly _tag: "Crashed"; readonly durationMillis: number }
  /** It crashed before: nothing was written, as it is to be run while no other careful attempt runs. */
  | { readonly _tag: "Exclusive" }

/**
 * Looks at the notes of a delivery, and writes one if it is to run.
 *
 * @param isExclusive - whether no other careful attempt runs in this process
 */
export const advise = Effect.fnUntraced(function* (
  replicas: ReplicaStore["Service"],
  row: Claimed,
  isExclusive: boolean
): Effect.fn.Return<Advice, StoreError> {
  const note = yield* replicas.findNote(row.deliveryId)
  if (note !== undefined) return { _tag: "Crashed", durationMillis: note.ageMillis }
  if (row.care?.hasCrashed === true && !isExclusive) return { _tag: "Exclusive" }
  yield* replicas.note(row.deliveryId, row.attemptCount + 1)
  return { _tag: "Run" }
})

/**
 * The failure of an attempt that never ended. It is repeated at once and in its old place, where care is still taken:
 * put off, it would be due in a batch again, and end another process at no charge.
 */
export const crash = (consumer: Consumer, row: Claimed, durationMillis: number): Outcome => {
  const error = new HandlerCrashed({ consumer: consumer.name, eventName: row.eventName })
  return { _tag: "Failed", cause: Cause.fail(error), directive: Directive.RetryAfter(0, error), durationMillis }
}
