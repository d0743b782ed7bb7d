/**
 * What handlers that are not written in Effect get besides their event: the delivery's transaction behind promises.
 *
 * @since 0.1.0
 */
import { Context, Effect, type LogLevel } from "effect"
import { isDirective } from "../model/Directive.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { Publisher } from "../publishing/Publisher.ts"
import type { UntypedEvent } from "../publishing/UntypedEvent.ts"
import { type HandedOut, handOut } from "../stores/ClientTransaction.ts"
import { type FindOptions, type Link, LinkStore, type NewLink } from "../stores/LinkStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { type ContextScope, makeContextScope } from "./contextScope.ts"
import { type Dated, dated } from "./dated.ts"

/**
 * Runs statements on the delivery's transaction, with values as parameters: ``await sql`UPDATE task SET done = ${true}` ``.
 * A value is a parameter, never a piece of SQL.
 *
 * Rejects with `StoreError`, whose reason is in the database's own words; in memory with `SqlUnavailable`.
 *
 * @since 0.1.0
 */
export interface PromiseSql {
  <Row extends object = Record<string, unknown>>(
    strings: TemplateStringsArray,
    ...values: ReadonlyArray<unknown>
  ): Promise<ReadonlyArray<Row>>
  /** Runs a statement that is given as a text, with `$1` to `$n` for its parameters. */
  readonly query: <Row extends object = Record<string, unknown>>(
    text: string,
    parameters?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Row>>
}

/** `LinkStore` behind promises. @since 0.1.0 */
export interface PromiseLinks {
  readonly create: (link: NewLink) => Promise<Link>
  readonly findOutbound: (source: DomainEvent.Entity, options?: FindOptions) => Promise<ReadonlyArray<Link>>
  readonly findInbound: (target: DomainEvent.Entity, options?: FindOptions) => Promise<ReadonlyArray<Link>>
}

/** Writes a line to the log, with what it is about. @since 0.1.0 */
export type LogLine = (message: string, details?: Readonly<Record<string, unknown>>) => void

/** The log behind functions; its lines say which delivery they are about. @since 0.1.0 */
export interface HandlerLogger {
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
}

/**
 * Second argument of handlers that return promises.
 *
 * @typeParam Tx - what the client of `createIntegration({ client })` calls a transaction
 *
 * @since 0.1.0
 */
export interface HandlerContext<Tx = undefined> {
  /**
   * The delivery's transaction, as the integration's `client` calls it: what is written through it commits with the delivery, or not at
   * all. Not to be used after the handler. Undefined without a client; with one, a leased handler, which is in no transaction, is thrown
   * `TransactionUnusable` when it reads it.
   */
  readonly tx: Tx
  /** The delivery's transaction: what is written through it commits with the delivery, or not at all. */
  readonly sql: PromiseSql
  /** Links that are created here commit with the delivery. */
  readonly links: PromiseLinks
  /** Publishes in the delivery's transaction. */
  readonly publish: <Name extends string, Payload>(
    definition: DomainEvent.Definition<Name, Payload>,
    payload: NoInfer<Payload>,
    options?: DomainEvent.PublishOptions
  ) => Promise<Dated<DomainEvent.Stored<Name, Payload>>>
  /** Publishes an event without a definition in the delivery's transaction. */
  readonly publishEvent: (event: UntypedEvent) => Promise<Dated<DomainEvent.Stored>>
  /** Where the application's log goes, also when the transaction rolls back. */
  readonly logger: HandlerLogger
  /** Aborted when the attempt ends before the handler: after its timeout, or at a shutdown. */
  readonly signal: AbortSignal
}

/** What a `HandlerContext` is made from. @since 0.1.0 */
export type HandlerServices = Publisher | LinkStore | Transactor

/** What code that is called with a `HandlerContext` may return. @internal */
export type Returned = Effect.Effect<unknown, unknown, never> | PromiseLike<unknown> | unknown

/**
 * How the engine enters code that gets a `HandlerContext`, and how that code comes back to it: for who wants to know, in whatever such
 * code calls, which delivery it is for.
 *
 * @internal
 */
export const HandlerBoundary = Context.Reference<{
  readonly enter: (call: () => Returned) => Returned
  readonly leave: <A>(call: () => A) => A
}>("effect-integration/HandlerContext/HandlerBoundary", {
  defaultValue: () => ({ enter: (call) => call(), leave: (call) => call() })
})

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function"

/**
 * Calls a handler with a `HandlerContext`, and waits for the Effect or promise it returns. Interruption aborts the
 * context's signal.
 *
 * @param onPromise - runs before a promise is waited for
 *
 * @internal
 */
export const invoke = <E>(
  // biome-ignore lint/suspicious/noExplicitAny: what a transaction is, is known where the handler is declared
  handler: (context: HandlerContext<any>) => Returned,
  onPromise: Effect.Effect<void, E>
): Effect.Effect<unknown, unknown, HandlerServices> =>
  Effect.gen(function* () {
    const run = Effect.runPromiseWith(yield* Effect.context<HandlerServices>())
    const { enter, leave } = yield* HandlerBoundary
    const runner: Runner = (effect, options) => leave(() => run(effect, options))
    const controller = new AbortController()
    const { forsake, tx } = yield* handOut
    const abort = Effect.sync(() => {
      controller.abort()
      forsake("interrupted")
    })
    const scope = makeContextScope(runner, controller)
    // What it says of its delivery is no failure: one that is skipped commits. Else one part of it has failed, and others may go on.
    const failed = (error: unknown) => {
      if (isDirective(error) && error._tag === "Skip") return scope.close
      return Effect.suspend(() => {
        forsake("failed")
        return scope.closeFailed
      })
    }
    const called = Effect.try({
      try: () => enter(() => handler(makeContext(scope.run, runner, controller.signal, tx))),
      catch: (error) => error
    })
    const waited = Effect.gen(function* () {
      const returned = yield* called
      if (Effect.isEffect(returned)) return yield* returned as Effect.Effect<unknown>
      if (!isThenable(returned)) return returned
      // It runs already: who does not wait for it is not to be ended by its rejection.
      Promise.resolve(returned).catch(() => undefined)
      yield* Effect.tapError(onPromise, () => abort)
      return yield* Effect.tryPromise({ try: () => returned, catch: (error) => error })
    })
    const ended = Effect.tap(Effect.tapError(waited, failed), () => scope.close)
    return yield* Effect.onInterrupt(ended, () => abort)
  })

type Runner = <A, E>(
  effect: Effect.Effect<A, E, HandlerServices>,
  options?: { readonly signal?: AbortSignal }
) => Promise<A>

/** Makes the context of one transaction. @internal */
export const makeContext = <Tx>(
  run: ContextScope<HandlerServices>["run"],
  runner: Runner,
  signal: AbortSignal,
  tx: HandedOut["tx"]
): HandlerContext<Tx> => {
  return {
    get tx() {
      return tx() as Tx
    },
    sql: makeSql(run),
    links: {
      create: (link) => run(LinkStore.use((links) => links.create(link))),
      findOutbound: (source, options) => run(LinkStore.use((links) => links.findOutbound(source, options))),
      findInbound: (target, options) => run(LinkStore.use((links) => links.findInbound(target, options)))
    },
    publish: (definition, payload, options) =>
      run(Effect.map(Publisher.publish(definition, payload, options), (stored) => dated(stored))),
    publishEvent: (event) => run(Effect.map(Publisher.publishEvent(event), (stored) => dated(stored))),
    logger: {
      debug: logLine(runner, "Debug"),
      info: logLine(runner, "Info"),
      warn: logLine(runner, "Warn"),
      error: logLine(runner, "Error")
    },
    signal
  }
}

const logLine =
  (runner: Runner, level: LogLevel.Severity): LogLine =>
  (message, details = {}) => {
    // A logger that fails is no failure of who logs.
    runner(Effect.annotateLogs(Effect.logWithLevel(level)(message), details)).catch(() => undefined)
  }

const makeSql = (run: <A, E>(effect: Effect.Effect<A, E, HandlerServices>) => Promise<A>): PromiseSql => {
  const query = <Row extends object>(text: string, parameters: ReadonlyArray<unknown> = []) =>
    run(Transactor.use((transactor) => transactor.query(text, parameters))) as Promise<ReadonlyArray<Row>>
  const tagged = <Row extends object>(strings: TemplateStringsArray, ...values: ReadonlyArray<unknown>) =>
    query<Row>(strings.map((part, index) => (index === 0 ? part : `$${index}${part}`)).join(""), values)
  return Object.assign(tagged, { query })
}
