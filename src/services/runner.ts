/**
 * Where the calls of services run: on the integration or, inside a handler or a transaction, in that.
 *
 * Which of them it is follows the calls (`AsyncLocalStorage`), so that a service that was injected somewhere does, inside a handler, what
 * the handler's own context would.
 *
 * @internal
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { type Context, Effect } from "effect"
import type { Services } from "../integration/Integration.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import type { AnyPromiseIntegration } from "../promise/PromiseApi.ts"
import { handOut } from "../stores/ClientTransaction.ts"
import { Transactor } from "../stores/Transactor.ts"
import { type ContextScope, makeContextScope } from "../subscribing/contextScope.ts"
import { skip } from "../subscribing/declare.ts"
import { HandlerBoundary, type HandlerContext, makeContext } from "../subscribing/HandlerContext.ts"
import { withOwnTakes } from "./takenByHand.ts"

/** What a handler said of its own delivery. */
export type OwnMark =
  | { readonly status: "processing" | "processed" | "skipped" }
  | { readonly status: "failed"; readonly error: string }

/** A handler or a transaction. */
interface Place extends Pick<ContextScope<Services>, "run" | "closeFailed"> {
  /** The delivery whose handler it is. */
  readonly deliveryId: string | undefined
  readonly controller: AbortController
  mark: OwnMark | undefined
  isOpen: boolean
  hasFailed: boolean
}

const placeOf = (context: Context.Context<Services>, deliveryId: string | undefined): Place => {
  const controller = new AbortController()
  const { closeFailed, run } = makeContextScope(Effect.runPromiseWith(context), controller)
  return { run, closeFailed, deliveryId, controller, mark: undefined, isOpen: true, hasFailed: false }
}

/**
 * Ends a place with what runs in it. Code that outlives it calls from nowhere, unless it failed or was interrupted: its delivery is tried
 * again, and what it still does would be done twice.
 */
const ending =
  (place: Place) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(
      Effect.tapError(() => {
        place.hasFailed = true
        return place.closeFailed
      }),
      Effect.onInterrupt(() => Effect.sync(() => place.controller.abort())),
      Effect.ensuring(
        Effect.sync(() => {
          place.isOpen = false
        })
      )
    )

/** What the last mark of a handler comes to, when it has returned. */
const honoured = ({ mark }: Place): Effect.Effect<void, unknown> =>
  mark?.status === "skipped" ? skip() : mark?.status === "failed" ? Effect.fail(new Error(mark.error)) : Effect.void

export class Runner {
  readonly #integration: AnyPromiseIntegration
  readonly #places = new AsyncLocalStorage<Place>()

  constructor(integration: AnyPromiseIntegration) {
    this.#integration = integration
  }

  /** The handler or transaction that is calling; also one that has failed, or was interrupted. */
  get #place(): Place | undefined {
    const place = this.#places.getStore()
    if (place === undefined) return undefined
    return place.isOpen || place.hasFailed || place.controller.signal.aborted ? place : undefined
  }

  /** Runs an effect in the handler or transaction that called, else on the integration. */
  run<A, E>(effect: Effect.Effect<A, E, Services>): Promise<A> {
    const place = this.#place
    // Fibers of the engine that are woken by this are in nobody's place.
    return this.#places.exit(() => (place === undefined ? this.#integration.run(effect) : place.run(effect)))
  }

  /** Runs an effect on the integration, whoever called. */
  runOutside<A, E>(effect: Effect.Effect<A, E, Services>): Promise<A> {
    return this.#places.exit(() => this.#integration.run(effect))
  }

  /** Whether the handler of this delivery is calling. */
  isHandling(deliveryId: string): boolean {
    return this.#place?.deliveryId === deliveryId
  }

  /** Keeps what a handler says of its own delivery until it has returned. */
  mark(mark: OwnMark): void {
    const place = this.#place
    if (place !== undefined) place.mark = mark
  }

  /** The same subscriber, whose handler's calls are known to be its. One that takes batches has no delivery of its own. */
  known(subscriber: Subscriber<Services>): Subscriber<Services> {
    const { handler } = subscriber
    if (handler._tag === "Batch") return subscriber
    const handle = (event: DomainEvent.DomainEvent) => {
      const returned = handler.handle(event)
      return Effect.isEffect(returned) ? this.#within(event.deliveryId, returned) : returned
    }
    return { ...subscriber, handler: { _tag: "Single", handle } }
  }

  /** Runs `body` in a transaction: what services do inside commits when it resolves, or not at all. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the integration's client calls a transaction
  transaction<A>(body: (context: HandlerContext<any>) => PromiseLike<A>): Promise<A> {
    const places = this.#places
    return this.run(
      Transactor.withTransaction(
        Effect.gen(function* () {
          const context = yield* Effect.context<Services>()
          const place = placeOf(context, undefined)
          const { forsake, tx } = yield* handOut
          const leave: Place["run"] = (effect) => places.exit(() => place.run(effect))
          return yield* Effect.tryPromise({
            try: (signal) => places.run(place, () => Promise.resolve(body(makeContext(leave, leave, signal, tx)))),
            catch: (error) => error
          }).pipe(
            Effect.tapError(() => Effect.sync(() => forsake("failed"))),
            Effect.onInterrupt(() => Effect.sync(() => forsake("interrupted"))),
            ending(place)
          )
        })
      ).pipe(withOwnTakes)
    )
  }

  #within(deliveryId: string, handler: Effect.Effect<unknown, unknown, Services>) {
    const places = this.#places
    return Effect.gen(function* () {
      const place = placeOf(yield* Effect.context<Services>(), deliveryId)
      yield* handler.pipe(
        Effect.provideService(HandlerBoundary, {
          enter: (call) => places.run(place, call),
          leave: (call) => places.exit(call)
        }),
        ending(place)
      )
      yield* honoured(place)
    }).pipe(withOwnTakes)
  }
}
