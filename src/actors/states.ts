/**
 * States of one actor: read for a handler and written with what it did, or read by somebody who asks.
 *
 * @internal
 */
import { type Cause, Effect, Option } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { ActorStateChanged } from "../errors/HandlerErrors.ts"
import type { Entity } from "../model/DomainEvent.ts"
import { ActorStore, type StoredState } from "../stores/ActorStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import type { ActorCache, Known } from "./stateCache.ts"
import type { StateCodec } from "./stateCodec.ts"

/** What the states of one actor have in common. */
export interface States<State> {
  /** Name of the consumer they belong to. */
  readonly consumer: string
  readonly codec: StateCodec<State>
  readonly cache: ActorCache<State>
  /** The state of an aggregate before its first event. */
  readonly initialOf: (aggregate: Entity) => State
}

/** A state that a handler goes on from. */
interface Loaded<State> extends Known<State> {
  readonly isFromCache: boolean
}

/** The state a handler goes on from: out of the cache, else as it is stored. */
export const load = Effect.fnUntraced(function* <State>(
  { cache, codec, consumer, initialOf }: States<State>,
  store: ActorStore["Service"],
  aggregate: Entity
) {
  const known = cache.take(store, aggregate)
  if (known !== undefined) return { ...known, isFromCache: true }
  const stored = yield* store.read(consumer, aggregate)
  const before: Loaded<State> =
    stored === undefined
      ? { state: initialOf(aggregate), written: undefined, isFromCache: false }
      : { state: yield* codec.decode(stored), written: stored, isFromCache: false }
  return before
})

/**
 * What a handler failed with, or skipped its delivery for, that went on from `before`; `ActorStateChanged` when another state is
 * stored by now: what was out of date is no reason to charge, give up or skip. A transaction that cannot be asked any more is
 * not.
 */
export const judgedBy =
  <State>({ consumer }: States<State>, store: ActorStore["Service"], aggregate: Entity, before: Loaded<State>) =>
  <E>(cause: Cause.Cause<E>): Effect.Effect<never, E | ActorStateChanged> =>
    before.isFromCache
      ? Effect.flatMap(
          Effect.option(store.read(consumer, aggregate)),
          (read): Effect.Effect<never, E | ActorStateChanged> =>
            Option.isNone(read) || read.value?.version === before.written?.version
              ? Effect.failCause(cause)
              : Effect.fail(new ActorStateChanged({ consumer, aggregate: aggregate.entityId }))
        )
      : Effect.failCause(cause)

/** Writes the state that follows from `before`. Returns it with its version, for `keep`. */
export const write = Effect.fnUntraced(function* <State>(
  { codec }: States<State>,
  store: ActorStore["Service"],
  aggregate: Entity,
  before: Known<State>,
  state: State
) {
  const json = yield* codec.encode(aggregate, state)
  const after: Known<State> = { state, written: yield* codec.write(store, aggregate, json, before.written?.version) }
  return after
})

/** Keeps a state for the next event, once it is committed. */
export const keep = <State>(
  { cache }: States<State>,
  store: ActorStore["Service"],
  aggregate: Entity,
  after: Known<State>
) => Transactor.use((transactor) => transactor.afterCommit(cache.keep(store, aggregate, after)))

/** The state of one aggregate as it is stored; its initial state if there is none. */
export const read = Effect.fnUntraced(function* <State>(
  { codec, consumer, initialOf }: States<State>,
  aggregate: Entity
) {
  const stored = yield* ActorStore.use((store) => store.read(consumer, aggregate))
  return stored === undefined ? initialOf(aggregate) : yield* codec.decode(stored)
})

/** One page of states, and those on it that cannot be read. Fails with `InvalidOption`. */
export const list = Effect.fnUntraced(function* <State>(
  { codec, consumer }: States<State>,
  after: bigint,
  limit: number
) {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    return yield* new InvalidOption({ option: "limit", value: String(limit), expected: "an integer from 1 to 1000" })
  }
  const toItem = (stored: StoredState) =>
    Effect.map(codec.decode(stored), (state) => ({
      aggregate: stored.aggregate,
      state,
      revision: stored.revision,
      updatedAt: stored.updatedAt
    }))
  const rows = yield* ActorStore.use((store) => store.list(consumer, after, limit))
  const [items, unreadable] = yield* Effect.partition(rows, toItem)
  return { items, unreadable, next: rows.length === limit ? rows.at(-1)?.position : undefined }
})
