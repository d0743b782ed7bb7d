/**
 * Gauges of what all processes share: read from the store when somebody asks for metrics, at most every ten seconds. Nobody asks,
 * nothing is read.
 *
 * @internal
 */
import { Clock, type Context, Effect, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { ConsumerDepth, Depths } from "../../stores/Depths.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { gauge, type Registration } from "../../telemetry/cells.ts"
import { metricTable } from "../../telemetry/metricTable.ts"
import { type Engine, untraced } from "../engine.ts"

/** Figures are not older than this when somebody asks, or they are read again, in milliseconds. */
const freshMillis = 10_000

const states = ["ready", "delayed", "retrying", "leased", "parked"] as const

const read = (engine: Engine): Effect.Effect<Depths, StoreError> =>
  Effect.flatMap(engine.registry.consumers, (consumers) =>
    withStatementTimeout(engine, "inbox.depths", untraced(engine.inbox.depths(consumers.map(({ name }) => name))))
  )

/** Gauges that are registered while there are figures for them. */
class Registered {
  readonly #context: Context.Context<never>
  readonly #ask: () => void
  readonly #ofConsumers = new Map<string, ReadonlyArray<Registration>>()
  /** Always there, so that somebody who reads the metrics asks at all. */
  readonly #readable: Registration
  #ofAll: ReadonlyArray<Registration> = []
  #depths: Depths | undefined

  /** @param ask - called whenever somebody reads a figure */
  constructor(context: Context.Context<never>, ask: () => void) {
    this.#context = context
    this.#ask = ask
    this.#readable = this.#gauge(metricTable.readable, [], () => Number(this.#depths !== undefined))
  }

  #gauge(definition: Parameters<typeof gauge>[1], labels: ReadonlyArray<string>, value: () => number) {
    return gauge(this.#context, definition, labels, () => {
      this.#ask()
      return value()
    })
  }

  #shared(): ReadonlyArray<Registration> {
    return [
      this.#gauge(metricTable.unrouted, [], () => this.#depths?.unrouted ?? 0),
      this.#gauge(metricTable.unserved, [], () => this.#depths?.unserved ?? 0)
    ]
  }

  #ofConsumer(consumer: string): ReadonlyArray<Registration> {
    const value = (of: (depth: ConsumerDepth) => number) => () => {
      const depth = this.#depths?.consumers.find((each) => each.consumer === consumer)
      return depth === undefined ? 0 : of(depth)
    }
    const one = (definition: Parameters<typeof gauge>[1], of: (depth: ConsumerDepth) => number) =>
      this.#gauge(definition, [consumer], value(of))
    return [
      ...states.map((state) =>
        this.#gauge(
          metricTable.open,
          [consumer, state],
          value((depth) => depth[state])
        )
      ),
      one(metricTable.oldestAge, ({ oldestMillis }) => oldestMillis / 1000),
      one(metricTable.deadLetters, ({ deadLetters }) => deadLetters),
      one(metricTable.held, ({ isHeld }) => Number(isHeld)),
      one(metricTable.paused, ({ isPaused }) => Number(isPaused)),
      one(metricTable.braked, ({ isBraked }) => Number(isBraked)),
      one(metricTable.recovering, ({ isRecovering }) => Number(isRecovering))
    ]
  }

  /** Takes new figures. Without any, their gauges are gone: an old figure would look as good as a new one. */
  learn(depths: Depths | undefined): void {
    this.#depths = depths
    if (depths !== undefined && this.#ofAll.length === 0) this.#ofAll = this.#shared()
    if (depths === undefined) {
      for (const registration of this.#ofAll) registration.remove()
      this.#ofAll = []
    }
    const names = new Set(depths?.consumers.map(({ consumer }) => consumer))
    for (const [consumer, registrations] of this.#ofConsumers) {
      if (names.has(consumer)) continue
      for (const registration of registrations) registration.remove()
      this.#ofConsumers.delete(consumer)
    }
    for (const consumer of names) {
      if (!this.#ofConsumers.has(consumer)) this.#ofConsumers.set(consumer, this.#ofConsumer(consumer))
    }
  }

  remove(): void {
    this.learn(undefined)
    this.#readable.remove()
  }
}

/** Has the gauges for as long as the scope lives. */
export const make = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Scope.Scope>()
    const clock = yield* Clock.Clock
    let askedAt = Number.NEGATIVE_INFINITY
    const fork = Effect.runForkWith(context)
    const ask = () => {
      const now = steadyMillisUnsafe(clock)
      if (now - askedAt < freshMillis) return
      askedAt = now
      const learning = Effect.matchCause(read(engine), {
        onFailure: () => registered.learn(undefined),
        onSuccess: (depths) => registered.learn(depths)
      })
      fork(Effect.forkScoped(learning))
    }
    const registered = yield* Effect.acquireRelease(
      Effect.sync(() => new Registered(context as Context.Context<never>, ask)),
      (gauges) => Effect.sync(() => gauges.remove())
    )
  })
