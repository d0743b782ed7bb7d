/**
 * Publishing, handling and operating behind promises, for code that is not written in Effect.
 *
 * Errors that promises reject with are the classes of `Errors`, which extend `Error`.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Layer } from "effect"
import { Processor } from "../delivery/Processor.ts"
import type { Retired } from "../delivery/Retired.ts"
import type { Stats } from "../delivery/Stats.ts"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { type DatabaseOptions, databaseLayer } from "../integration/databaseLayer.ts"
import type { Services } from "../integration/Integration.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { DeadLetters } from "../operations/DeadLetters.ts"
import { Doctor, type DoctorReport } from "../operations/Doctor.ts"
import { Health, type HealthReport, type ReadyOptions } from "../operations/Health.ts"
import { Publisher } from "../publishing/Publisher.ts"
import type { UntypedEvent } from "../publishing/UntypedEvent.ts"
import { handOut } from "../stores/ClientTransaction.ts"
import type { Delivery } from "../stores/Delivery.ts"
import { type FindOptions, type Link, LinkStore, type LinkType, type NewLink } from "../stores/LinkStore.ts"
import type { ConsumerState, Unserved } from "../stores/SubscriptionStore.ts"
import type { AnyTransactionClient, TransactionClient } from "../stores/TransactionClient.ts"
import { Transactor } from "../stores/Transactor.ts"
import { makeContextScope } from "../subscribing/contextScope.ts"
import { type Dated, dated } from "../subscribing/dated.ts"
import {
  type HandlerContext,
  type HandlerServices,
  makeContext,
  type PromiseLinks
} from "../subscribing/HandlerContext.ts"
import type * as Subscriber from "../subscribing/Subscriber.ts"
import { type PromisePublisherIn, promiseLinksIn, promisePublisherIn } from "./inTheirTransaction.ts"
import { Lifecycle } from "./lifecycle.ts"
import { checkLogger, loggerLayer, type PromiseLogger } from "./logger.ts"
import { type AnySubscriber, type SubscriberOptions, subscriber } from "./subscriber.ts"
import { nothingBehind, type PublishEvent, type Untyped, untypedOf } from "./untyped.ts"

export type { Dated } from "../subscribing/dated.ts"
export type { PromisePublisherIn } from "./inTheirTransaction.ts"
export type { PromiseLogger } from "./logger.ts"
export { type AnySubscriber, type SubscriberOptions, subscriber } from "./subscriber.ts"
export type { PublishEvent } from "./untyped.ts"

/** Takes a transaction of the integration's client, or one of another with that. @since 0.1.0 */
export interface InTheirs<Tx, A> {
  (tx: Tx): A
  <Own>(tx: Own, client: TransactionClient<Own>): A
}

/**
 * A running, or not yet running, integration.
 *
 * @typeParam Tx - what its client calls a transaction
 *
 * @since 0.1.0
 */
export interface PromiseIntegration<Tx = undefined> extends AsyncDisposable {
  /**
   * Builds the layer, registers the subscribers, drains what was due, and runs their workers. Publishing works before.
   * Calling it again returns the same promise; after a rejection it may be tried again.
   */
  readonly start: () => Promise<void>
  /**
   * Stops claiming, lets running handlers finish within the grace period, and closes the layer. A start that is under way rejects with
   * `IntegrationStopped`. Final.
   */
  readonly stop: () => Promise<void>
  /** Publishes an event of a definition. */
  readonly publish: <Name extends string, Payload>(
    definition: DomainEvent.Definition<Name, Payload>,
    payload: NoInfer<Payload>,
    options?: DomainEvent.PublishOptions
  ) => Promise<Dated<DomainEvent.Stored<Name, Payload>>>
  /** Publishes an event without a definition. */
  readonly publishEvent: PublishEvent
  /** Publishes events without a definition: all or none, stored in the order given. */
  readonly publishEvents: (events: ReadonlyArray<UntypedEvent>) => Promise<ReadonlyArray<Dated<DomainEvent.Stored>>>
  /** Adds a subscriber: at once when started, else at the start. */
  readonly subscribe: <const Source extends Subscriber.EventSource>(
    options: SubscriberOptions<Source, Tx>
  ) => Promise<void>
  /** Adds subscribers made with `subscriber`, `Subscriber.make`, `fromClass` or `fromInstance`: all, or none. */
  readonly subscribeMany: (subscribers: ReadonlyArray<AnySubscriber>) => Promise<void>
  readonly createLink: (link: NewLink) => Promise<Link>
  readonly findLinksBySource: (source: DomainEvent.Entity, options?: FindOptions) => Promise<ReadonlyArray<Link>>
  readonly findLinksByTarget: (target: DomainEvent.Entity, options?: FindOptions) => Promise<ReadonlyArray<Link>>
  readonly findLinksByType: (linkType: LinkType) => Promise<ReadonlyArray<Link>>
  /** Runs `body` in a transaction: what it writes through the context commits when it resolves, or not at all. */
  readonly transaction: <A>(body: (context: HandlerContext<Tx>) => PromiseLike<A>) => Promise<A>
  /**
   * Publishes in a transaction that the application opened with its own client: see `publisherIn`.
   *
   * @param client - whose transaction it is; default: that of this integration
   */
  readonly publisherIn: InTheirs<Tx, PromisePublisherIn>
  /** Creates and finds links in a transaction that the application opened with its own client: see `linksIn`. */
  readonly linksIn: InTheirs<Tx, PromiseLinks>
  /** Runs an Effect on the services of this integration, for what has no promise here. */
  readonly run: <A, E>(effect: Effect.Effect<A, E, Services>) => Promise<A>
  /** Waits until every delivery of an event is settled: see `Processor.settled`. */
  readonly settled: (
    eventId: string,
    options?: { readonly timeout?: Duration.Input }
  ) => Promise<ReadonlyArray<Delivery>>
  /** Waits until no delivery of these consumers is open: see `Processor.allSettled`. */
  readonly allSettled: (consumers?: ReadonlyArray<string>) => Promise<void>
  /** Counts of events, deliveries and handlers. */
  readonly stats: () => Promise<Stats>
  /** Stops the delivery to a consumer, in every process, until `resume`: see `Processor.pause`. */
  readonly pause: (consumer: string) => Promise<void>
  readonly resume: (consumer: string) => Promise<void>
  /** All consumers there ever were, and which of them are paused. */
  readonly consumers: () => Promise<ReadonlyArray<ConsumerState>>
  /** Subscriptions that no process which runs serves. */
  readonly unserved: () => Promise<ReadonlyArray<Unserved>>
  /** Ends subscriptions that nobody serves any more: see `Processor.retire`. */
  readonly retire: (...given: Parameters<Processor["Service"]["retire"]>) => Promise<Retired>
  /** What gave up: see `DeadLetters`. */
  readonly deadLetters: PromiseDeadLetters
  /** What is wrong, or will be, and what mends it: see `Doctor`. */
  readonly doctor: () => Promise<DoctorReport>
  /** Whether this process is alive, and ready: see `Health`. */
  readonly health: {
    readonly live: () => Promise<HealthReport>
    readonly ready: (options?: ReadyOptions) => Promise<HealthReport>
  }
}

/** `DeadLetters` behind promises. @since 0.1.0 */
export type PromiseDeadLetters = {
  readonly [Operation in keyof DeadLetters["Service"]]: (
    ...given: Parameters<DeadLetters["Service"][Operation]>
  ) => Promise<Effect.Success<ReturnType<DeadLetters["Service"][Operation]>>>
}

// biome-ignore lint/suspicious/noExplicitAny: what a transaction is, is known by the type of the integration
const inTransaction = <A>(body: (context: HandlerContext<any>) => PromiseLike<A>) =>
  Transactor.withTransaction(
    Effect.gen(function* () {
      const runner = Effect.runPromiseWith(yield* Effect.context<HandlerServices>())
      const { forsake, tx } = yield* handOut
      const controller = new AbortController()
      const scope = makeContextScope(runner, controller)
      return yield* Effect.tryPromise({
        try: () => Promise.resolve(body(makeContext(scope.run, runner, controller.signal, tx))),
        catch: (error) => error
      }).pipe(
        Effect.tapError(() => {
          forsake("failed")
          return scope.closeFailed
        }),
        Effect.tap(() => scope.close),
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            controller.abort()
            forsake("interrupted")
          })
        )
      )
    })
  )

/** Runs an effect on the services of an integration. */
type Run = <A, E>(effect: Effect.Effect<A, E, Services>) => Promise<A>

const makeDeadLetters = (run: Run): PromiseDeadLetters => ({
  list: (given) => run(DeadLetters.use((letters) => letters.list(given))),
  count: (filter) => run(DeadLetters.use((letters) => letters.count(filter))),
  inspect: (deliveryId) => run(DeadLetters.use((letters) => letters.inspect(deliveryId))),
  requeue: (deliveryId, given) => run(DeadLetters.use((letters) => letters.requeue(deliveryId, given))),
  check: (deliveryId, payloadText) => run(DeadLetters.use((letters) => letters.check(deliveryId, payloadText))),
  requeueAll: (filter) => run(DeadLetters.use((letters) => letters.requeueAll(filter))),
  discard: (deliveryId, given) => run(DeadLetters.use((letters) => letters.discard(deliveryId, given))),
  discardAll: (filter, given) => run(DeadLetters.use((letters) => letters.discardAll(filter, given)))
})

/** The client that opens transactions, where types are told of it. @since 0.1.0 */
export type WithClient<Tx> = string | { readonly client?: TransactionClient<Tx> }

/** An integration, whatever its client calls a transaction. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: it gives a transaction and takes the same, so that nothing else stands for all.
export type AnyPromiseIntegration = PromiseIntegration<any>

/** What `createIntegration` takes. @since 0.1.0 */
export type IntegrationOptions<E = unknown> = string | (Exclude<DatabaseOptions<E>, string> & FacadeOptions)

/** @since 0.1.0 */
export interface FacadeOptions {
  /** What `start` runs; default none. */
  readonly subscribers?: ReadonlyArray<AnySubscriber>
  /** Where the log goes: `console`, or what is like it; `false`: nowhere. Default: the standard output, as effect formats it. */
  readonly logger?: PromiseLogger | false
}

/** Subscribers as they were made; what is something else is named. */
const checked = (subscribers: unknown): ReadonlyArray<AnySubscriber> => {
  if (!Array.isArray(subscribers)) throw notSubscribers("subscribers", subscribers, "a list")
  const wrong = subscribers.findIndex((each) => !(Object(each).definitions instanceof Map))
  if (wrong === -1) return subscribers
  throw notSubscribers(
    `subscribers[${wrong}]`,
    subscribers[wrong],
    "one that was made with subscriber(…) or Subscriber.make"
  )
}

const notSubscribers = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of createIntegration`, value: typeof value, expected })

/**
 * Makes an integration: `createIntegration({ url, subscribers })`.
 *
 * The database is one of `url` (or the url alone): a PostgreSQL server; `pool`: that of a `Pool` of node-postgres; `pglite`: `{ dataDir }`,
 * or `true` for one in memory; `memory: true`: none; `layer`: `IntegrationLive` with its database, or `IntegrationMemory`. With all but
 * the last, options of `Integration.layer` stand beside it. It is connected to by `start`, or when something is published before, and closed by `stop`.
 *
 * @param options.subscribers - what `start` runs; default none
 * @param options.logger - where the log goes; default: the standard output
 *
 * Throws `InvalidOption` when it is not said where the database is, or a subscriber or the logger is none.
 *
 * @since 0.1.0
 */
export const createIntegration = <E, Tx = undefined>(
  options: IntegrationOptions<E> & WithClient<Tx>
): PromiseIntegration<Tx> => {
  const { logger, subscribers = [], ...database }: FacadeOptions = typeof options === "string" ? {} : Object(options)
  const layer = databaseLayer(typeof options === "string" ? options : (database as DatabaseOptions<E>))
  if (logger !== undefined) checkLogger(logger)
  const logged = logger === undefined ? layer : Layer.provideMerge(layer, loggerLayer(logger))
  const lifecycle = new Lifecycle(logged, checked(subscribers))
  const run: Run = (effect) => lifecycle.run(effect)
  return {
    start: () => lifecycle.start(),
    stop: () => lifecycle.stop(),
    [Symbol.asyncDispose]: () => lifecycle.stop(),
    publish: (definition, payload, publishOptions) =>
      run(Effect.map(Publisher.publish(definition, payload, publishOptions), (stored) => dated(stored))),
    publishEvent: (...given: Untyped) =>
      run(
        Effect.map(Effect.andThen(nothingBehind(given), Publisher.publishEvent(untypedOf(given))), (stored) =>
          dated(stored)
        )
      ),
    publishEvents: (events) =>
      run(Effect.map(Publisher.publishEvents(events), (all) => all.map((stored) => dated(stored)))),
    subscribe: (subscriberOptions) => lifecycle.add([subscriber(subscriberOptions)]),
    subscribeMany: (subscribers) => lifecycle.add(subscribers),
    createLink: (link) => run(LinkStore.create(link)),
    findLinksBySource: (source, findOptions) => run(LinkStore.findOutbound(source, findOptions)),
    findLinksByTarget: (target, findOptions) => run(LinkStore.findInbound(target, findOptions)),
    findLinksByType: (linkType) => run(LinkStore.use((links) => links.findByLinkType(linkType))),
    transaction: (body) => run(inTransaction(body)),
    publisherIn: (tx: unknown, client?: AnyTransactionClient) => promisePublisherIn(run, tx, client),
    linksIn: (tx: unknown, client?: AnyTransactionClient) => promiseLinksIn(run, tx, client),
    run,
    settled: (eventId, options = {}) => run(Processor.use((processor) => processor.settled(eventId, options))),
    allSettled: (consumers) => run(Processor.use((processor) => processor.allSettled(consumers))),
    deadLetters: makeDeadLetters(run),
    doctor: () => run(Doctor.use((doctor) => doctor.run)),
    health: {
      live: () => run(Health.use((health) => health.live)),
      ready: (options) => run(Health.use((health) => health.ready(options)))
    },
    stats: () => run(Processor.use((processor) => processor.stats)),
    pause: (consumer) => run(Processor.use((processor) => processor.pause(consumer))),
    resume: (consumer) => run(Processor.use((processor) => processor.resume(consumer))),
    consumers: () => run(Processor.use((processor) => processor.consumers)),
    unserved: () => run(Processor.use((processor) => processor.unserved)),
    retire: (...given) => run(Processor.use((processor) => processor.retire(...given)))
  }
}
