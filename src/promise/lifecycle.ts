/**
 * When the layer behind promises is built, served and closed.
 *
 * @internal
 */
import { Effect, Exit, type Layer, ManagedRuntime, Scope } from "effect"
import { Processor } from "../delivery/Processor.ts"
import { IntegrationStopped } from "../errors/OperationErrors.ts"
import type { Services } from "../integration/Integration.ts"
import * as Subscriber from "../subscribing/Subscriber.ts"

type Subscribers = ReadonlyArray<Subscriber.Subscriber<Services>>

/**
 * A layer that is built when something is first run on it, or by `start`; a start that fails closes it, and the next
 * one builds it again. After `stop` everything rejects with `IntegrationStopped`, also a start that was under way.
 */
export class Lifecycle<E> {
  readonly #layer: Layer.Layer<Services, E>
  #runtime: ManagedRuntime.ManagedRuntime<Services, E>
  /** Subscribers are served as long as it is open. */
  #scope = Scope.makeUnsafe()
  /** What the start serves. */
  #subscribers: Subscribers
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  /** Interrupts a start that is under way. */
  readonly #stopping = new AbortController()

  constructor(layer: Layer.Layer<Services, E>, subscribers: Subscribers) {
    this.#layer = layer
    this.#runtime = ManagedRuntime.make(layer)
    this.#subscribers = [...subscribers]
  }

  run<A, E2>(effect: Effect.Effect<A, E2, Services>): Promise<A> {
    return this.#stopped === undefined ? this.#runtime.runPromise(effect) : Promise.reject(new IntegrationStopped())
  }

  /** One promise for all who ask, until it is rejected. */
  start(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(new IntegrationStopped())
    this.#started ??= this.#begin()
    return this.#started
  }

  stop(): Promise<void> {
    const close = () => this.#close()
    this.#stopped ??= Promise.resolve(this.#started).then(close, close)
    this.#stopping.abort()
    return this.#stopped
  }

  /** Serves more subscribers: at once when started, else at the start. */
  async add(subscribers: Subscribers): Promise<void> {
    if (this.#started === undefined && this.#stopped === undefined) {
      this.#subscribers = [...this.#subscribers, ...subscribers]
      return
    }
    await this.#started
    await this.run(this.#serve(subscribers))
  }

  async #begin(): Promise<void> {
    try {
      await this.#runtime.runPromise(this.#serve(this.#subscribers), { signal: this.#stopping.signal })
    } catch (error) {
      if (this.#stopped !== undefined) throw new IntegrationStopped()
      this.#started = undefined
      await this.#close()
      this.#runtime = ManagedRuntime.make(this.#layer)
      this.#scope = Scope.makeUnsafe()
      throw error
    }
  }

  #serve(subscribers: Subscribers) {
    return Effect.gen({ self: this }, function* () {
      const services = yield* Effect.context<Services>()
      const provided = subscribers.map((each) => Subscriber.provideContext(each, services))
      yield* Processor.use((processor) => Scope.provide(processor.serve(provided), this.#scope))
    })
  }

  async #close(): Promise<void> {
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    await this.#runtime.dispose()
  }
}
