/**
 * Actors: typed state for each aggregate, changed by one event at a time.
 *
 * An actor is a consumer that is ordered by aggregate. Its state is read and written in the delivery's transaction, so
 * it is made of exactly the events that were handled, each once.
 *
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"
import { InvalidIdentifier, InvalidOption } from "../errors/DeclarationErrors.ts"
import type { ActorStateError } from "../errors/HandlerErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import * as Consumer from "../model/Consumer.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { Publisher } from "../publishing/Publisher.ts"
import { ActorStore } from "../stores/ActorStore.ts"
import type { Transactor } from "../stores/Transactor.ts"
import * as Subscriber from "../subscribing/Subscriber.ts"
import * as Memory from "./stateCache.ts"
import * as Codec from "./stateCodec.ts"
import * as States from "./states.ts"

/** A new state together with events to be published: made with `reply`. @since 0.1.0 */
export interface Reply<out State> {
  readonly _tag: "effect-integration/Actor/Reply"
  readonly state: State
  readonly events: ReadonlyArray<DomainEvent.Publication.Any>
}

/** What an actor does with some events: made by `On`. @since 0.1.0 */
export interface Handler<in out State, out R> {
  readonly definitions: ReadonlyArray<DomainEvent.Definition.Any>
  readonly handle: (
    state: State,
    // biome-ignore lint/suspicious/noExplicitAny: the payload was checked against the definitions by `on`
    event: DomainEvent.DomainEvent<string, any>
  ) => Effect.Effect<State | Reply<State>, unknown, R>
}

/** One page of states. @since 0.1.0 */
export interface Page<out State> {
  readonly items: ReadonlyArray<{
    readonly aggregate: DomainEvent.Entity
    readonly state: State
    /** How often it was written. */
    readonly revision: bigint
    readonly updatedAt: Date
  }>
  /** States that this version cannot read; they hide no others. */
  readonly unreadable: ReadonlyArray<ActorStateError>
  /** For `after` of the next call; `undefined` after the last page. */
  readonly next: bigint | undefined
}

/**
 * An actor: its subscribers go into `Subscriber.layer`, its states can be read.
 *
 * @since 0.1.0
 */
export interface Actor<out State, out R> {
  readonly consumer: Consumer.Consumer
  /** For `Subscriber.layer(...actor.subscribers)`. */
  readonly subscribers: ReadonlyArray<Subscriber.Subscriber<R | ActorStore | Publisher | Transactor>>
  /**
   * The state of one aggregate, as this transaction sees it; its initial state if it was never written.
   *
   * @param aggregate - the aggregate, or its id when all events of this actor are about the same type of aggregate.
   * Fails with `InvalidIdentifier` for an id that could mean several, `ActorStateError` when this version cannot read it
   */
  readonly state: (
    aggregate: DomainEvent.Entity | string
  ) => Effect.Effect<State, ActorStateError | InvalidIdentifier | StoreError, ActorStore>
  /**
   * States in the order of their first write.
   *
   * @param options.after - `next` of the page before; default from the first
   * @param options.limit - how many at most, from 1 to 1000; default 100
   */
  readonly states: (options?: {
    readonly after?: bigint
    readonly limit?: number
  }) => Effect.Effect<Page<State>, InvalidOption | StoreError, ActorStore>
}

/**
 * Declares what an actor does with events of one or several definitions: from its state and the event to the new state.
 *
 * It runs in the delivery's transaction, like any handler: what it writes through other services commits with the state.
 * A state is a value: return a new one, do not change the one given. `Subscriber.skip`, `fatal` and `retryAfter` work
 * here too; nothing of the state is written then.
 *
 * @since 0.1.0
 */
export type On<in out State> = <
  const Source extends DomainEvent.Definition.Any | ReadonlyArray<DomainEvent.Definition.Any>,
  E,
  R
>(
  event: Source,
  handle: (state: State, event: Subscriber.EventOf<NoInfer<Source>>) => Effect.Effect<State | Reply<State>, E, R>
) => Handler<State, R>

const makeOn =
  <State>(): On<State> =>
  (event, handle) => {
    const source: DomainEvent.Definition.Any | ReadonlyArray<DomainEvent.Definition.Any> = event
    return {
      definitions: "name" in source ? [source] : source,
      handle: (state, given) => handle(state, given as Subscriber.EventOf<typeof event>)
    }
  }

/**
 * A new state, and events that are published with it: they exist if and only if the state was written.
 *
 * @since 0.1.0
 */
export const reply = <State>(state: State, ...events: ReadonlyArray<DomainEvent.Publication.Any>): Reply<State> => ({
  _tag: "effect-integration/Actor/Reply",
  state,
  events
})

const isReply = <State>(result: State | Reply<State>): result is Reply<State> =>
  typeof result === "object" &&
  result !== null &&
  (result as { readonly _tag?: unknown })._tag === "effect-integration/Actor/Reply"

/** The actor's consumer, ordered, or why it cannot be. */
const ordered = (consumer: Consumer.Consumer | string) => {
  if (typeof consumer === "string") return { consumer: Consumer.make(consumer, { ordering: "aggregate" }) }
  if (Consumer.isLeased(consumer)) {
    const problem = new InvalidOption({
      option: `mode of consumer "${consumer.name}"`,
      value: "leased",
      expected: '"transactional": an actor\'s state is written with the mark of its delivery'
    })
    return { consumer, problem }
  }
  if (consumer.options.ordering === "aggregate") return { consumer }
  const problem = new InvalidOption({
    option: `ordering of consumer "${consumer.name}"`,
    value: Consumer.orderingOf(consumer),
    expected: '"aggregate": an actor handles one event of an aggregate at a time'
  })
  return { consumer, problem }
}

/** The aggregate an id means, if all definitions are about the same type. */
const aggregateOf = (definitions: ReadonlyArray<DomainEvent.Definition.Any>, id: DomainEvent.Entity | string) => {
  if (typeof id !== "string") return Effect.succeed(id)
  const types = new Map(definitions.map((_) => [`${_.sourceModule} ${_.aggregateType}`, _]))
  const [only, another] = types.values()
  return only === undefined || another !== undefined
    ? Effect.fail(
        new InvalidIdentifier({
          field: `aggregate "${id}"`,
          problem: `could be of ${[...types.keys()].join(" or ")}; give { module, entityType, entityId }`
        })
      )
    : Effect.succeed(DomainEvent.entityOf({ ...only, aggregateId: id }))
}

/** What a handler is in the transaction of its delivery: the state is read, handled and written, then events published. */
const handle = <State, R>(states: States.States<State>, handler: Handler<State, R>) =>
  Effect.fnUntraced(function* (event: DomainEvent.DomainEvent) {
    const store = yield* ActorStore
    const { aggregate } = event
    const before = yield* States.load(states, store, aggregate)
    const result = yield* Effect.catchCause(
      handler.handle(before.state, event),
      States.judgedBy(states, store, aggregate, before)
    )
    const after = yield* States.write(states, store, aggregate, before, isReply(result) ? result.state : result)
    if (isReply(result)) yield* Publisher.publishAll(result.events)
    yield* States.keep(states, store, aggregate, after)
  })

/**
 * Makes an actor. It does no I/O; `Subscriber.layer(...actor.subscribers)` runs it.
 *
 * @param options.consumer - a name, or a `Consumer` with `ordering: "aggregate"`; the states belong to it
 * @param options.state - schema of the state, without service requirements; stored in its JSON form
 * @param options.version - of that schema, a positive integer; default 1
 * @param options.migrate - from a state stored under an earlier version to the form the schema reads; default: as it is
 * @param options.initial - the state before the first event, or a function of the aggregate
 * @param options.handlers - gets `on`, and returns what the actor does, for each event once: see `On`
 *
 * A handler whose state cannot be read or written fails with `ActorStateError`, charged like any failure. Two replicas
 * never write over each other: a state that changed since it was read rolls the delivery back, which is repeated at no
 * charge.
 *
 * @since 0.1.0
 */
export const make = <State, Encoded, R>(options: {
  readonly consumer: Consumer.Consumer | string
  readonly state: Schema.Codec<State, Encoded>
  readonly version?: number
  readonly migrate?: (state: Schema.Json, version: number) => Schema.Json
  readonly initial: NoInfer<State> | ((aggregate: DomainEvent.Entity) => NoInfer<State>)
  readonly handlers: (on: On<NoInfer<State>>) => ReadonlyArray<Handler<NoInfer<State>, R>>
}): Actor<State, R> => {
  const { consumer, problem } = ordered(options.consumer)
  const handlers = options.handlers(makeOn<State>())
  const definitions = handlers.flatMap((handler) => handler.definitions)
  const { initial } = options
  const states: States.States<State> = {
    consumer: consumer.name,
    codec: Codec.make<State>({
      consumer: consumer.name,
      schema: Schema.toCodecJson(options.state),
      version: options.version ?? 1,
      migrate: options.migrate
    }),
    cache: Memory.make<State>(),
    initialOf: (aggregate) =>
      typeof initial === "function" ? (initial as (aggregate: DomainEvent.Entity) => State)(aggregate) : initial
  }
  return {
    consumer,
    subscribers: handlers.map((handler) => {
      const made = Subscriber.make({ consumer, event: handler.definitions, handler: handle(states, handler) })
      return problem === undefined ? made : { ...made, problem }
    }),
    state: (id) => Effect.flatMap(aggregateOf(definitions, id), (aggregate) => States.read(states, aggregate)),
    states: ({ after = 0n, limit = 100 } = {}) => States.list(states, after, limit)
  }
}
