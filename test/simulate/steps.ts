/** The steps of a program, as effects that run in a replica. */
import { Effect } from "effect"
import { Processor } from "../../src/delivery/Processor.ts"
import { DeadLetters, DomainEvent, Publisher, Transactor } from "../../src/index.ts"
import { definitions } from "./handlers.ts"
import type { Ledger } from "./ledger.ts"
import type { EventSpec, Step } from "./program.ts"
import type { World } from "./world.ts"

type Publish = Extract<Step, { kind: "publish" }>

const publication = ({ dedupeKey, delay, key, n, name }: EventSpec) =>
  DomainEvent.publication(
    definitions[name],
    { n, key },
    { ...(delay > 0 ? { delay } : {}), ...(dedupeKey === undefined ? {} : { dedupeKey }) }
  )

/** Publishes that hold up each other by aggregate, as those that lock its row do. */
const lockKeys = (ledger: Ledger, events: ReadonlyArray<EventSpec>) =>
  Effect.forEach(
    [...new Set(events.map(({ key }) => key))].toSorted(),
    (key) => ledger.cell(`aggregate ${key}`).update((list) => list),
    { discard: true }
  )

const rollBack = "rolled back on purpose"

/** What a publisher does; `committing` is called when nothing but the commit is left. Returns which were new. */
const publish = (ledger: Ledger, { events, holds, via }: Publish, committing: Effect.Effect<void>) => {
  const all = events.map(publication)
  const each = Effect.forEach(all, ({ definition, options, payload }) =>
    Publisher.publish(definition, payload as { n: number; key: string }, options)
  )
  const held = Effect.andThen(holds > 0 ? Effect.sleep(holds) : Effect.void, committing)
  switch (via) {
    case "single":
      return Effect.andThen(committing, each)
    case "list":
      return Effect.andThen(committing, Publisher.publishAll(all))
    case "transaction":
      return Transactor.withTransaction(
        Effect.andThen(
          lockKeys(ledger, events),
          Effect.tap(each, () => held)
        )
      )
    case "savepoint": {
      const undone = Effect.ignore(Transactor.withTransaction(Effect.andThen(each, Effect.fail(rollBack))))
      return Transactor.withTransaction(
        Effect.andThen(
          lockKeys(ledger, events),
          Effect.andThen(
            undone,
            Effect.tap(Publisher.publishAll(all), () => held)
          )
        )
      )
    }
    case "rolledBack":
      return Transactor.withTransaction(
        Effect.andThen(
          lockKeys(ledger, events),
          Effect.andThen(
            Effect.tap(each, () => held),
            Effect.fail(rollBack)
          )
        )
      )
  }
}

/** Publishes, and writes down what its publisher was told. */
export const publishStep = (ledger: Ledger, world: World, step: Publish) => {
  const attempted = step.events.map((spec) => {
    const one = { spec, via: step.via, outcome: "unknown" as "unknown" | "acked" | "duplicate" | "rolledBack" }
    const entry = { ...one, begunAt: world.steps, committingAt: world.steps }
    if (step.via === "rolledBack") entry.outcome = "rolledBack"
    ledger.attempted.set(spec.n, entry)
    return entry
  })
  const committing = Effect.sync(() => {
    for (const entry of attempted) entry.committingAt = world.steps
  })
  return Effect.map(publish(ledger, step, committing), (stored) => {
    for (const [index, entry] of attempted.entries()) entry.outcome = stored[index]?.isDuplicate ? "duplicate" : "acked"
    world.note(`publisher was told that ${step.events.map(({ n }) => n).join(", ")} are stored`)
  })
}

/** Everything that gave up of a consumer is opened again, or let go. */
export const deadLetterStep = (kind: "requeue" | "discard", consumer: string) =>
  DeadLetters.use((letters) =>
    kind === "requeue" ? letters.requeueAll({ consumer }) : letters.discardAll({ consumer })
  )

export const pauseStep = (kind: "pause" | "resume", consumer: string) =>
  Processor.use((processor) => (kind === "pause" ? processor.pause(consumer) : processor.resume(consumer)))
