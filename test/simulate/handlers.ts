/** Consumers of a program as subscribers, for one process: what they do is in the program, and what they did in the ledger. */
import { Effect, Schema } from "effect"
import { Actor, Consumer, DomainEvent, LinkStore, Publisher, Subscriber } from "../../src/index.ts"
import { type Gate, statement } from "./gate.ts"
import { childOf, type Ledger, type Run } from "./ledger.ts"
import type { ConsumerSpec, EventName } from "./program.ts"

const define = <const Name extends string>(name: Name) =>
  DomainEvent.define(name, {
    sourceModule: "sim",
    aggregateType: "Thing",
    aggregateId: (payload) => payload.key,
    payload: Schema.Struct({ n: Schema.Int, key: Schema.String })
  })

export const definitions = { "sim.a": define("sim.a"), "sim.b": define("sim.b") }
const Child = define("sim.child")

type Event = DomainEvent.Of<typeof Child | (typeof definitions)[EventName]>

/** A consumer as one process has it. */
export interface Served {
  readonly index: number
  readonly spec: ConsumerSpec
}

/** Rows in which handlers write what they had. */
export const effectCell = (consumer: string, n: number) => `effect ${consumer} ${n}`
export const orderCell = (consumer: string, key: string) => `order ${consumer} ${key}`

const optionsOf = ({
  batchSize,
  concurrency,
  delayed,
  maxAttempts,
  mode,
  onDeadLetter,
  ordering,
  startFrom
}: ConsumerSpec) => ({
  concurrency,
  maxAttempts,
  batchSize,
  mode,
  ordering,
  startFrom,
  timeout: "800 millis" as const,
  ...(ordering === "aggregate" ? { delayed, onDeadLetter } : {})
})

/** Marks a handler as running. */
const begin = (ledger: Ledger, gate: Gate, { index, spec }: Served, event: Event, checks: Checks): Run => {
  const { key, n } = event.payload
  const run: Run = { machine: gate.machine, consumer: index, n, key, deliveryId: event.deliveryId, isDoubtful: false }
  gate.machine.world.note(`${gate.machine.name} ${spec.name} begins ${n} of ${key}, attempt ${event.attempt}`)
  checks.onBegin(run, spec, event.attempt)
  ledger.running.add(run)
  return run
}

export interface Checks {
  readonly onBegin: (run: Run, spec: ConsumerSpec, attempt: number) => void
}

/** Runs what a handler does with an event while the ledger has it as running. */
const noted = <A, E, R>(
  ledger: Ledger,
  gate: Gate,
  served: Served,
  event: Event,
  checks: Checks,
  body: Effect.Effect<A, E, R>
) =>
  Effect.acquireUseRelease(
    Effect.sync(() => begin(ledger, gate, served, event, checks)),
    () => body,
    (run, exit) =>
      Effect.sync(() => {
        gate.machine.world.note(`${gate.machine.name} ${served.spec.name} ends ${run.n}: ${exit._tag}`)
        ledger.running.delete(run)
      })
  )

const append = (ledger: Ledger, gate: Gate, cell: string, n: number) =>
  statement(
    gate,
    "application",
    ledger.cell(cell).update((list) => [...list, n])
  )

/** Writes what a handler writes. */
const write = (ledger: Ledger, gate: Gate, { index, spec }: Served, { deliveryId, payload: { key, n } }: Event) =>
  Effect.gen(function* () {
    const does = ledger.behaviour(n, index)
    if (does.takes > 0) yield* Effect.sleep(does.takes)
    if (spec.mode === "leased") ledger.outside.set(deliveryId, (ledger.outside.get(deliveryId) ?? 0) + 1)
    else {
      yield* append(ledger, gate, effectCell(spec.name, n), n)
      yield* append(ledger, gate, orderCell(spec.name, key), n)
    }
    if (does.kind === "publish") yield* Publisher.publish(Child, { n: childOf(n, index), key: `c${n}` })
    if (does.kind === "link") {
      const source = { module: "sim", entityType: "Thing", entityId: String(n) }
      yield* LinkStore.use((links) =>
        links.create({ source, target: { ...source, entityId: spec.name }, linkType: "reference" })
      )
    }
  })

/** How an attempt ends. */
const end = (
  ledger: Ledger,
  gate: Gate,
  { index }: Served,
  { attempt, payload: { n } }: Event
): Effect.Effect<void, unknown> => {
  const { kind, times } = ledger.behaviour(n, index)
  if (attempt > times) return Effect.void
  switch (kind) {
    case "fail":
      return Effect.fail(`${n} fails`)
    case "die":
      return Effect.die(new Error(`${n} dies`))
    case "fatal":
      return Subscriber.fatal(`${n} is hopeless`)
    case "skip":
      return Subscriber.skip("not needed")
    case "retryAfter":
      return Subscriber.retryAfter(60)
    case "stuck":
      return Effect.never
    case "crash":
      return Effect.andThen(Effect.sync(gate.kill), Effect.interruptible(Effect.never))
    default:
      return Effect.void
  }
}

const batchOutcome = (ledger: Ledger, gate: Gate, served: Served, event: Event) => {
  const { kind, times } = ledger.behaviour(event.payload.n, served.index)
  if (event.attempt > times) return Effect.succeed(Subscriber.processed(event))
  if (kind === "fail") return Effect.succeed(Subscriber.failed(event, "no"))
  if (kind === "fatal") return Effect.succeed(Subscriber.failed(event, "no", { isFatal: true }))
  if (kind === "retryAfter") return Effect.succeed(Subscriber.failed(event, "no", { retryAfter: 60 }))
  if (kind === "skip") return Effect.succeed(Subscriber.skipped(event))
  return Effect.as(end(ledger, gate, served, event), Subscriber.processed(event))
}

/** Subscribers of a consumer, and how to read its states if it is an actor. */
export const subscribersOf = (ledger: Ledger, gate: Gate, served: Served, checks: Checks) => {
  const { spec } = served
  const consumer = Consumer.make(spec.name, optionsOf(spec))
  const names = spec.events === "sim.*" ? [] : spec.events
  const events = names.map((name) => definitions[name])
  const handle = (event: Event) => Effect.andThen(write(ledger, gate, served, event), end(ledger, gate, served, event))
  if (spec.kind === "actor") {
    const actor = Actor.make({
      consumer,
      state: Schema.Struct({ seen: Schema.Array(Schema.Int) }),
      initial: { seen: [] },
      handlers: (on) =>
        events.map((definition) =>
          on(definition, (state, event) =>
            noted(
              ledger,
              gate,
              served,
              event,
              checks,
              Effect.as(handle(event), { seen: [...state.seen, event.payload.n] })
            )
          )
        )
    })
    return actor.subscribers
  }
  const event = spec.events === "sim.*" ? [...Object.values(definitions), Child] : events
  if (spec.kind === "batch") {
    const handler = (given: ReadonlyArray<Event>) =>
      given
        .reduceRight(
          (rest: Effect.Effect<unknown, unknown, Publisher | LinkStore>, each) =>
            noted(ledger, gate, served, each, checks, Effect.andThen(write(ledger, gate, served, each), rest)),
          Effect.void
        )
        .pipe(Effect.andThen(Effect.forEach(given, (each) => batchOutcome(ledger, gate, served, each))))
    return [Subscriber.batch({ consumer, event, handler, priority: spec.priority })]
  }
  const handler = (each: Event) => noted(ledger, gate, served, each, checks, handle(each))
  return [Subscriber.make({ consumer, event, handler, priority: spec.priority })]
}
