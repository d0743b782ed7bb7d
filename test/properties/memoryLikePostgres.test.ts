/** Memory and PostgreSQL under the same random commands: after each one, everything that can be observed is the same. */
import { assert, it } from "@effect/vitest"
import { Arbitrary, Context, Effect, Layer, Schema } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import {
  DeadLetterStore,
  InboxStore,
  Integration,
  LinkStore,
  OutboxStore,
  SettingStore,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { type Claimed, firstOrderingKey, type Settlement } from "../../src/stores.ts"
import { keyOf, unique } from "../../src/testing/conformance/support.ts"
import { postgres } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** What happens to a claimed delivery. */
const Outcome = Schema.Literals(["processed", "skipped", "dead_letter", "failed", "retry", "later", "untouched"])

const Publish = Schema.Struct({ name: upTo(1), aggregate: upTo(2), key: upTo(4), isDelayed: Schema.Boolean })

const event = (aggregate: number): typeof Publish.Type => ({ name: 0, aggregate, key: 4, isDelayed: false })

const Command = Schema.Union([
  Schema.TaggedStruct("Publish", { events: Schema.Array(Publish).check(Schema.isMaxLength(4)), end: upTo(3) }),
  Schema.TaggedStruct("Register", { consumer: upTo(2), pattern: upTo(2), isOrdered: Schema.Boolean }),
  Schema.TaggedStruct("Work", {
    consumer: upTo(1),
    limit: upTo(4),
    covers: upTo(2),
    outcomes: Schema.Array(Outcome).check(Schema.isMinLength(1), Schema.isMaxLength(5)),
    isRolledBack: Schema.Boolean,
    continues: Schema.Boolean,
    passes: Schema.Boolean
  }),
  Schema.TaggedStruct("Alone", {
    consumer: upTo(2),
    index: upTo(8),
    outcome: Outcome,
    continues: Schema.Boolean,
    passes: Schema.Boolean
  }),
  Schema.TaggedStruct("Requeue", { consumer: upTo(2), index: upTo(8), isEdited: Schema.Boolean }),
  Schema.TaggedStruct("Discard", { consumer: upTo(2), index: upTo(8), hasReason: Schema.Boolean }),
  Schema.TaggedStruct("Pause", { consumer: upTo(2), isPaused: Schema.Boolean }),
  Schema.TaggedStruct("Retire", { consumer: upTo(2), pattern: upTo(2) }),
  Schema.TaggedStruct("Link", { source: upTo(2), target: upTo(2), isRemoved: Schema.Boolean }),
  Schema.TaggedStruct("Set", { key: upTo(1), value: upTo(3) })
])

type Command = typeof Command.Type

/** Names of one run, the same on both sides. */
const namesOf = (run: string) => ({
  events: [`${run}.one`, `${run}.two`],
  patterns: [`${run}.one`, `${run}.two`, `${run}.*`],
  consumers: [`${run}-x`, `${run}-y`, `${run}-z`],
  settings: [`${run}-a`, `${run}-b`]
})

type Names = ReturnType<typeof namesOf>

const at = <A>(list: ReadonlyArray<A>, index: number) => list[index] as A

const entity = (module: string, index: number) => ({ module, entityType: "Thing", entityId: String(index) })

const settlement = (row: Claimed, outcome: typeof Outcome.Type): Settlement => ({
  ...keyOf(row),
  seenAttempts: row.attemptCount,
  status: outcome === "retry" || outcome === "later" ? "failed" : outcome === "untouched" ? "processed" : outcome,
  retryInMillis: outcome === "retry" ? 0 : outcome === "later" ? 3_600_000 : undefined,
  error: outcome === "processed" ? undefined : `The handler said ${outcome}.`,
  errorTag: undefined,
  failure: outcome === "processed" || outcome === "skipped" ? undefined : { durationMillis: 0, detail: outcome }
})

/** Runs commands on one store. Ids are told by the order in which events were published. */
const makeSide = (names: Names) => {
  const ids: Array<string> = []
  const nameOf = (id: string) => ids.indexOf(id)
  const told = (row: Claimed) => [
    nameOf(row.eventId),
    row.payload,
    row.attemptCount,
    row.isParking ?? false,
    row.orderingKey !== undefined
  ]

  const publish = Effect.fnUntraced(function* (
    { end, events }: Extract<Command, { _tag: "Publish" }>,
    fresh: () => string
  ) {
    const outbox = yield* OutboxStore
    const rows = events.map((event) => ({
      id: fresh(),
      eventName: at(names.events, event.name),
      schemaVersion: 1,
      sourceModule: "model",
      aggregateType: "Thing",
      aggregateId: String(event.aggregate),
      payload: "{}",
      metadata: undefined,
      correlationId: undefined,
      causationId: undefined,
      traceparent: undefined,
      dedupeKey: event.key > 1 ? undefined : `key-${event.key}`,
      due: event.isDelayed ? 3_600_000 : undefined
    }))
    ids.push(...rows.map((row) => row.id))
    const append = Effect.map(outbox.append(rows), (appended) =>
      appended.map((each) => [nameOf(each.id), each.status, each.consumers, each.existing !== undefined])
    )
    if (end === 0) return yield* append
    // Half of them in a savepoint that fails, or all in a transaction that does.
    const undone = Effect.ignore(Transactor.withTransaction(Effect.andThen(append, Effect.fail("no"))))
    return yield* end === 1 ? undone : Transactor.withTransaction(Effect.andThen(undone, append))
  })

  const settleAll = Effect.fnUntraced(function* (
    consumer: string,
    rows: ReadonlyArray<Claimed>,
    outcomes: ReadonlyArray<typeof Outcome.Type>,
    onDeadLetter: "park" | "continue" | undefined,
    delayed: "hold" | "pass"
  ) {
    const inbox = yield* InboxStore
    for (const [index, row] of rows.entries()) {
      const outcome = at(outcomes, index % outcomes.length)
      if (outcome !== "untouched") yield* inbox.settle(settlement(row, outcome))
    }
    const keys = [...new Set(rows.flatMap((row) => (row.isParking === true ? (row.orderingKey ?? []) : [])))]
    if (onDeadLetter !== undefined) yield* inbox.unpark({ consumer, keys, onDeadLetter, delayed })
    return rows.map(told)
  })

  const orderOf = Effect.fnUntraced(function* (consumer: string, continues: boolean) {
    const state = (yield* (yield* SubscriptionStore).consumers).find((each) => each.consumer === consumer)
    return state?.ordering === "aggregate" ? (continues ? ("continue" as const) : ("park" as const)) : undefined
  })

  const deliveryAt = Effect.fnUntraced(function* (consumer: string, index: number) {
    const deliveries = yield* (yield* InboxStore).findByConsumer(consumer, undefined, 100)
    return deliveries[index % Math.max(1, deliveries.length)]
  })

  const run = Effect.fnUntraced(function* (command: Command, fresh: () => string) {
    const inbox = yield* InboxStore
    const subscriptions = yield* SubscriptionStore
    switch (command._tag) {
      case "Publish":
        return yield* publish(command, fresh)
      case "Register": {
        const consumer = at(names.consumers, command.consumer)
        const event = at(names.patterns, command.pattern)
        const ordering = command.isOrdered ? "aggregate" : "none"
        return yield* subscriptions.register([{ consumer, event, priority: 0, ordering }])
      }
      case "Work": {
        const consumer = at(names.consumers, command.consumer)
        const onDeadLetter = yield* orderOf(consumer, command.continues)
        const delayed = command.passes ? "pass" : "hold"
        const interest = { names: [], patterns: [at(names.patterns, command.covers)] }
        let told: unknown
        yield* Effect.gen(function* () {
          // Of an ordered consumer a claim may take fewer than the limit; only one and all are told in advance.
          const limit = onDeadLetter === undefined ? command.limit + 1 : command.limit < 2 ? 1 : 100
          const rows = yield* inbox.claim({ consumer, interest, limit, onDeadLetter, delayed })
          told = yield* settleAll(consumer, rows, command.outcomes, onDeadLetter, delayed)
          if (command.isRolledBack) return yield* Effect.fail("no")
        }).pipe(
          Transactor.withTransaction,
          Effect.catchIf(
            (error) => error === "no",
            () => Effect.void
          )
        )
        return told
      }
      case "Alone": {
        const consumer = at(names.consumers, command.consumer)
        const delivery = yield* deliveryAt(consumer, command.index)
        if (delivery === undefined) return
        const onDeadLetter = yield* orderOf(consumer, command.continues)
        const delayed = command.passes ? "pass" : "hold"
        const interest = { names: [], patterns: ["*"] }
        return yield* Transactor.withTransaction(
          Effect.flatMap(inbox.claimOne({ ...keyOf(delivery), interest, onDeadLetter, delayed }), (row) =>
            settleAll(consumer, row === undefined ? [] : [row], [command.outcome], onDeadLetter, delayed)
          )
        )
      }
      case "Requeue": {
        const delivery = yield* deliveryAt(at(names.consumers, command.consumer), command.index)
        if (delivery === undefined) return undefined
        const payload = command.isEdited ? '{"edited":true}' : undefined
        const requeued = yield* (yield* DeadLetterStore).requeue([delivery.deliveryId], payload)
        return requeued.map((each) => [nameOf(each.eventId), each.consumer])
      }
      case "Discard": {
        const delivery = yield* deliveryAt(at(names.consumers, command.consumer), command.index)
        if (delivery === undefined) return undefined
        const discarded = yield* (yield* DeadLetterStore).discard(
          [delivery.deliveryId],
          command.hasReason ? "why" : undefined
        )
        return discarded.map((each) => [nameOf(each.eventId), each.consumer])
      }
      case "Pause":
        return yield* subscriptions.setPaused(at(names.consumers, command.consumer), command.isPaused)
      case "Retire": {
        const consumer = at(names.consumers, command.consumer)
        const scope = { consumer, events: [at(names.patterns, command.pattern)], except: [at(names.patterns, 0)] }
        const removed = yield* subscriptions.remove(consumer, scope.events)
        return [removed, yield* subscriptions.skipOpen(scope)]
      }
      case "Link": {
        const links = yield* LinkStore
        const ends = { source: entity(at(names.events, 0), command.source), target: entity("b", command.target) }
        const link = yield* links.create({ ...ends, linkType: "reference", metadata: { n: command.source } })
        return command.isRemoved ? yield* links.remove(link.id) : link.metadata
      }
      case "Set": {
        const settings = yield* SettingStore
        const key = at(names.settings, command.key)
        return yield* command.value === 0 ? settings.remove(key) : settings.set(key, { n: command.value })
      }
    }
  })

  const kindOf = (millis: number | null | undefined) => (millis == null ? "none" : millis <= 0 ? "due" : "later")

  const observe = Effect.gen(function* () {
    const inbox = yield* InboxStore
    const outbox = yield* OutboxStore
    const subscriptions = yield* SubscriptionStore
    const links = yield* LinkStore
    const settings = yield* SettingStore
    const isMine = ({ consumer }: { readonly consumer: string }) => names.consumers.includes(consumer)
    const interest = { names: names.events, patterns: [] }
    const state = (yield* subscriptions.consumers).filter(isMine)
    const answer = yield* inbox.poll({
      consumers: state.map(({ consumer, ordering }) => ({
        consumer,
        ...interest,
        onDeadLetter: ordering === "aggregate" ? "park" : undefined,
        delayed: consumer === at(names.consumers, 1) ? "pass" : "hold"
      })),
      parkedAfter: firstOrderingKey,
      replica: { id: "00000000-0000-4000-8000-000000000000", silentMillis: 60_000 }
    })
    return {
      events: yield* Effect.forEach(names.events, (name) =>
        Effect.map(outbox.findByName(name, 0n, 1000), (rows) =>
          rows.map((row) => [
            nameOf(row.id),
            row.status,
            row.attemptCount,
            row.lastError,
            row.dedupeKey,
            row.processedAt === null
          ])
        )
      ),
      deliveries: yield* Effect.forEach(names.consumers, (consumer) =>
        Effect.map(inbox.findByConsumer(consumer, undefined, 1000), (rows) =>
          rows.map((row) => [
            nameOf(row.eventId),
            row.status,
            row.isOpen,
            row.attemptCount,
            row.lastError,
            kindOf(row.dueInMillis)
          ])
        )
      ),
      dead: yield* Effect.forEach(names.consumers, (consumer) =>
        Effect.map(
          DeadLetterStore.use((store) => store.list({ consumer }, undefined, 100)),
          (letters) =>
            letters
              .map((letter) => [nameOf(letter.eventId), letter.status, letter.lastError, letter.isEdited])
              .toSorted()
        )
      ),
      attempts: yield* Effect.forEach(names.consumers, (consumer) =>
        Effect.flatMap(inbox.findByConsumer(consumer, undefined, 1000), (rows) =>
          Effect.forEach(rows, (row) =>
            Effect.map(inbox.attempts(row), (attempts) =>
              attempts.map(({ attempt, error, outcome }) => [attempt, outcome, error])
            )
          )
        )
      ),
      next: yield* Effect.forEach(names.consumers, (consumer) =>
        Effect.map(inbox.nextDue({ consumer, interest }), kindOf)
      ),
      counts: (yield* inbox.countByStatus).filter(isMine),
      consumers: state.map((each) => [each.consumer, each.ordering, each.pausedAt !== null]),
      subscriptions: (yield* subscriptions.all).filter(isMine),
      due: answer.due.map((each) => [each.consumer, kindOf(each.inMillis)]).toSorted(),
      releasable: answer.unparkable.map((each) => each.consumer).toSorted(),
      links: (yield* links.findOutbound(entity(at(names.events, 0), 1))).map((link) => [link.target, link.metadata]),
      settings: Object.entries(yield* settings.all)
        .filter(([key]) => names.settings.includes(key))
        .toSorted(),
      history: (yield* settings.history(at(names.settings, 0))).map((change) => [change.previousValue, change.value])
    }
  })
  return { run, observe }
}

type Stores = Layer.Success<typeof Integration.IntegrationMemory>

const sides = Layer.effectContext(
  Effect.gen(function* () {
    const options = { settings: unpolled }
    const memory = yield* Layer.build(Integration.layerMemory(options))
    const database = yield* Layer.build(Layer.provide(Integration.layer(options), postgres()))
    return Context.make(Sides, { memory, database })
  })
)

class Sides extends Context.Service<
  Sides,
  {
    readonly memory: Context.Context<Stores>
    readonly database: Context.Context<Integration.Services>
  }
>()("Sides") {}

it.layer(sides, { excludeTestServices: true, timeout: "10 minutes" })("memory and PostgreSQL", (it) => {
  it.effect.prop(
    "do the same under the same commands",
    { commands: Arbitrary.array(Arbitrary.schema(Command), { minLength: 12, maxLength: 30 }) },
    ({ commands }) =>
      Effect.gen(function* () {
        const { database, memory } = yield* Sides
        const names = namesOf(unique("model"))
        const [one, other] = [makeSide(names), makeSide(names)]
        const fresh = new Map<number, string>()
        /** The same ids on both sides. */
        const freshFor = (index: number) => {
          let count = 0
          return () => {
            const key = index * 100 + count++
            const id = fresh.get(key) ?? SecureRandom.uuidV7Unsafe()
            fresh.set(key, id)
            return id
          }
        }
        // Something to work with from the start.
        const setUp: ReadonlyArray<Command> = [
          { _tag: "Register", consumer: 0, pattern: 2, isOrdered: true },
          { _tag: "Register", consumer: 1, pattern: 0, isOrdered: false },
          { _tag: "Publish", end: 0, events: [0, 0, 0, 1].map((aggregate) => event(aggregate)) },
          { _tag: "Publish", end: 0, events: [0, 1, 1, 2].map((aggregate) => event(aggregate)) }
        ]
        for (const [index, command] of [...setUp, ...commands].entries()) {
          const did = yield* Effect.provideContext(one.run(command, freshFor(index)), memory)
          const expected = yield* Effect.provideContext(other.run(command, freshFor(index)), database)
          assert.deepStrictEqual(did, expected, `result of ${index}: ${JSON.stringify(command)}`)
          const seen = yield* Effect.provideContext(one.observe, memory)
          const wanted = yield* Effect.provideContext(other.observe, database)
          for (const field of Object.keys(wanted) as ReadonlyArray<keyof typeof wanted>) {
            const [actual, expected] = [JSON.stringify(seen[field]), JSON.stringify(wanted[field])]
            const where = `${field} after ${index}: ${JSON.stringify(command)}`
            assert.isTrue(actual === expected, `${where}\nin memory: ${actual}\nexpected: ${expected}`)
          }
        }
      }),
    { arbitrary: { runs: Number(process.env.MODEL_RUNS ?? 80) }, timeout: 600_000 }
  )
})
