/**
 * When the handlers of a registry are served: from the start on, and those that come later at once.
 *
 * @internal
 */
import { Effect, Exit, Scope } from "effect"
import { Processor } from "../delivery/Processor.ts"
import { Registry } from "../delivery/Registry.ts"
import type { Services } from "../integration/Integration.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import type { AnyPromiseIntegration } from "../promise/PromiseApi.ts"
import { provideContext } from "../subscribing/declare.ts"
import { Notifier } from "../wakeups/Notifier.ts"

type Handler = Subscriber<Services>

export class Serving {
  readonly #integration: AnyPromiseIntegration
  /** What is to be served. */
  readonly #handlers = new Set<Handler>()
  /** What is. */
  readonly #served = new Map<Handler, Subscriber>()
  readonly #onWakeUp: () => void
  readonly #onFailure: (message: string, error: unknown) => void
  #scope: Scope.Closeable | undefined
  /** One thing after the other: what was asked for first is done first. */
  #queue: Promise<unknown> = Promise.resolve()

  /**
   * @param options.onWakeUp - told whenever somebody may have work
   * @param options.onFailure - told of what nobody waits for
   */
  constructor(
    integration: AnyPromiseIntegration,
    options: { readonly onWakeUp: () => void; readonly onFailure: (message: string, error: unknown) => void }
  ) {
    this.#integration = integration
    this.#onWakeUp = options.onWakeUp
    this.#onFailure = options.onFailure
  }

  get isRunning(): boolean {
    return this.#scope !== undefined
  }

  /** Serves all handlers there are; what failed before is tried again. */
  start(): Promise<void> {
    return this.#next(() => this.#start())
  }

  /** Serves none any more: what runs may finish within the grace period. */
  stop(): Promise<void> {
    return this.#next(() => this.#stop())
  }

  /** Adds handlers: from the next start on or, if there was one, at once. */
  add(handlers: ReadonlyArray<Handler>): void {
    for (const handler of handlers) this.#handlers.add(handler)
    const names = handlers.map(({ consumer, events }) => `${consumer.name} (${events.join(", ")})`).join(", ")
    const failed = `Handlers were not registered: ${names}. The next start tries again`
    this.#whenRunning(failed, () => this.#serve(this.#unserved(handlers)))
  }

  /** Takes handlers away. */
  remove(handlers: ReadonlyArray<Handler>): void {
    for (const handler of handlers) this.#handlers.delete(handler)
    this.#whenRunning("Handlers were not removed", async () => {
      const provided = handlers.flatMap((handler) => this.#served.get(handler) ?? [])
      for (const handler of handlers) this.#served.delete(handler)
      await this.#integration.run(Registry.use((registry) => registry.deregister(provided)))
    })
  }

  #whenRunning(failed: string, task: () => Promise<void>): void {
    this.#next(async () => {
      if (this.#scope !== undefined) await task()
    }).catch((error) => this.#onFailure(failed, error))
  }

  #next(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(task)
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #start(): Promise<void> {
    await this.#integration.start()
    const isFirst = this.#scope === undefined
    this.#scope ??= Scope.makeUnsafe()
    try {
      if (isFirst) await this.#listen(this.#scope)
      await this.#serve(this.#unserved([...this.#handlers]))
    } catch (error) {
      if (isFirst) await this.#stop()
      throw error
    }
  }

  async #stop(): Promise<void> {
    const scope = this.#scope
    this.#scope = undefined
    this.#served.clear()
    if (scope !== undefined) await Effect.runPromise(Scope.close(scope, Exit.void))
  }

  /** Those that are to be served still: a start that was under way may have them, or they are gone by now. */
  #unserved(handlers: ReadonlyArray<Handler>): ReadonlyArray<Handler> {
    return handlers.filter((handler) => this.#handlers.has(handler) && !this.#served.has(handler))
  }

  async #serve(handlers: ReadonlyArray<Handler>): Promise<void> {
    const { run } = this.#integration
    const scope = this.#scope
    if (scope === undefined || handlers.length === 0) return
    await run(
      Effect.gen({ self: this }, function* () {
        const services = yield* Effect.context<Services>()
        const provided = handlers.map((handler) => provideContext(handler, services))
        yield* Processor.use((processor) => Scope.provide(processor.serve(provided), scope))
        for (const [index, handler] of handlers.entries()) this.#served.set(handler, provided[index] as Subscriber)
      })
    )
  }

  #listen(scope: Scope.Scope): Promise<void> {
    return this.#integration.run(
      Effect.acquireRelease(
        Notifier.use((notifier) => notifier.listen(this.#onWakeUp)),
        (end) => Effect.sync(end)
      ).pipe(Effect.asVoid, (listening) => Scope.provide(listening, scope))
    )
  }
}
