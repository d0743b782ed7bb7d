/** The same questions to the administration in every form, on every store. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect, Layer, Schedule, Schema, Stream } from "effect"
import { Admin } from "../../src/admin/Admin.ts"
import {
  Audit,
  Consumer,
  DomainEvent,
  InboxStore,
  LinkStore,
  Publisher,
  Subscriber,
  SubscriptionStore
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"
import { forms } from "./forms.ts"

const once = { maxAttempts: 1 }

/** A consumer whose handler fails as long as its state says so, and events that have given up. */
const withDead = Effect.fnUntraced(function* (name: string, count: number, options: Consumer.Options = once) {
  const { Happened, happenings } = eventsOf(name)
  const state = { isBroken: true, handled: [] as Array<number> }
  yield* serve(
    Subscriber.make({
      consumer: Consumer.make(name, options),
      event: Happened,
      handler: ({ payload }) =>
        state.isBroken
          ? Effect.fail(new Error(`broken ${payload.n}`))
          : Effect.sync(() => void state.handled.push(payload.n))
    })
  )
  const stored = yield* Publisher.publishAll(happenings(count))
  const inbox = yield* InboxStore
  yield* until(inbox.findByConsumer(name, undefined, 1000), (found) => found.every((row) => !row.isOpen))
  return { eventIds: stored.map(({ id }) => id), state, Happened }
})

/** An event in version 1, for a consumer that knows two versions, and one that knows no definition. */
const published = Effect.fnUntraced(function* (name: string) {
  const V1 = Schema.Struct({ id: Schema.Finite, amount: Schema.Finite })
  const V2 = Schema.Struct({ id: Schema.Finite, cents: Schema.Int })
  const of = { sourceModule: "tests", aggregateType: "Thing", aggregateId: () => "1" }
  const Old = DomainEvent.define(`${name}.happened`, { ...of, payload: V1 })
  const New = DomainEvent.define(`${name}.happened`, {
    ...of,
    payload: DomainEvent.versions(V1)
      .next(V2)
      .from(({ amount, id }) => ({ id, cents: amount * 100 }))
  })
  yield* serve(
    Subscriber.make({ consumer: `${name}.new`, event: New, handler: () => Effect.void }),
    Subscriber.make({ consumer: `${name}.old`, event: Old.name, handler: () => Effect.void })
  )
  return { eventId: (yield* Publisher.publish(Old, { id: 1, amount: 12.5 })).id }
})

const settledOf = (name: string) =>
  InboxStore.use((inbox) =>
    until(inbox.findByConsumer(name, undefined, 1000), (found) => found.every((row) => !row.isOpen))
  )

const on = runtimes.flatMap((runtime) => forms.map(({ form, layer, who }) => ({ ...runtime, form, who, admin: layer })))

describe.each(on)("on $name, $form", ({ admin: adminLayer, layer, name, who: asker }) => {
  const options = { settings: { ...unpolled, retryBaseDelayMs: 100 }, applicationVersion: "1.4.0" }
  withLayer(Layer.provideMerge(adminLayer, layer(options)), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("the administration", (it) => {
    it.effect("shows what wants attention", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        yield* withDead("overview", 3)
        const { attention, consumers, published, version } = yield* admin.overview
        assert.match(version, /^\d+\.\d+\.\d+/)
        assert.isTrue(attention.some(({ id, subject }) => id === "dead-letters" && subject === "overview"))
        assert.strictEqual(consumers.find(({ consumer }) => consumer === "overview")?.depth.deadLetters, 3)
        assert.isAtLeast(
          published.reduce((sum, { count }) => sum + count, 0),
          3
        )
        const [figures] = yield* Stream.runCollect(Stream.take(admin.live, 1))
        assert.isTrue(figures?.consumers.some(({ consumer }) => consumer === "overview"))
      })
    )

    it.effect("finds events, and shows one with its deliveries and what came of it", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const { Happened, eventIds } = yield* withDead("browsing", 3)
        const first = yield* admin.events.find({ name: [Happened.name], limit: 2 })
        assert.lengthOf(first.found, 2)
        const second = yield* admin.events.find({ name: [Happened.name], limit: 2, after: first.next ?? "" })
        assert.sameMembers(
          [...first.found, ...second.found].map(({ id }) => id),
          eventIds
        )
        const [id = ""] = eventIds
        const details = yield* admin.events.get(id)
        assert.deepStrictEqual(JSON.parse(details.payload ?? ""), { n: 0 })
        assert.deepStrictEqual(
          details.deliveries.map(({ attempts, consumer, status }) => [consumer, status, attempts.length]),
          [["browsing", "dead_letter", 1]]
        )
        const tree = yield* admin.events.lineage(id)
        assert.deepStrictEqual([tree.root, tree.events.map((event) => event.id)], [id, [id]])
        const byPayload = yield* admin.events.find({ name: [Happened.name], payload: ["n=2"] })
        assert.deepStrictEqual(
          byPayload.found.map((event) => event.id),
          [eventIds[2]]
        )
      })
    )

    it.effect("tells what a handler gets of an event that was stored in an earlier version", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const { eventId } = yield* published("received")
        yield* settledOf("received.new")
        const of = (consumer: string) => admin.events.received(eventId, { consumer })
        const { payload, ...upcast } = yield* of("received.new")
        assert.deepStrictEqual(
          [upcast.state, upcast.schemaVersion, upcast.receivedVersion, upcast.isEdited, upcast.visibility],
          ["upcast", 1, 2, false, "full"]
        )
        assert.deepStrictEqual(JSON.parse(payload ?? ""), { id: 1, cents: 1250 })
        const asPublished = yield* of("received.old")
        assert.strictEqual(asPublished.state, "published")
        assert.strictEqual(asPublished.payload, upcast.originalPayload)
        const { deliveries } = yield* admin.events.get(eventId)
        assert.deepStrictEqual(
          deliveries.map(({ consumer, receivedVersion }) => [consumer, receivedVersion]),
          [
            ["received.new", 2],
            ["received.old", 1]
          ]
        )
        const absent = yield* Effect.flip(of("received.now"))
        assert.strictEqual(absent.name, "NotFound")
        assert.include(absent.detail, 'Did you mean "received.new"?')
      })
    )

    it.effect("says of what is not there that it is not, and of what cannot be why", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const none = "00000000-0000-7000-8000-000000000000"
        const absent = [
          admin.events.get(none),
          admin.deadLetters.get(none),
          admin.errorGroups.get("1"),
          admin.operations.get(none),
          admin.consumers.get("nobody"),
          admin.consumers.pause("nobody", {}),
          admin.operations.preview({ kind: "requeue", filter: { consumer: "nobody" } }),
          admin.operations.start({ kind: "requeue", filter: { consumer: "nobody" } })
        ]
        for (const each of absent)
          assert.strictEqual((yield* Effect.flip(each as Effect.Effect<unknown, Error>)).name, "NotFound")
        const invalid = yield* Effect.flip(admin.events.find({ aggregate: "what" }))
        assert.strictEqual(invalid._tag, "Invalid")
        assert.include(invalid.detail, "finance/Invoice/42")
      })
    )

    it.effect("groups failures, keeps what is said of them, and requeues a group as an operation", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const { state } = yield* withDead("grouped", 4)
        const [group] = (yield* admin.errorGroups.list({ consumer: "grouped", onlyOpen: true })).items
        assert.strictEqual(group?.gaveUp, 4)
        const attempts = group?.hourly.reduce((sum, hour) => sum + hour.attempts, 0)
        assert.strictEqual(attempts, 4)
        const { fingerprint = "" } = group ?? {}
        const changed = yield* admin.errorGroups.change(fingerprint, { state: "known", note: "the printer" })
        assert.deepStrictEqual([changed.state, changed.note, changed.changedBy], ["known", "the printer", asker])
        const details = yield* admin.errorGroups.get(fingerprint)
        assert.deepStrictEqual(details.hourly, group?.hourly)
        assert.lengthOf(details.deliveries, 4)
        const request = { kind: "requeue", filter: { fingerprint }, canary: 1, reason: "printer is back" } as const
        assert.strictEqual((yield* admin.operations.preview(request)).count, 4)
        state.isBroken = false
        const { id } = yield* admin.operations.start(request)
        const done = yield* until(admin.operations.get(id), (operation) => operation.finishedAt !== null)
        assert.deepStrictEqual(
          [done.state, done.done, done.settled, done.failedAgain, done.reason],
          ["finished", 4, 4, 0, "printer is back"]
        )
        const since = (time: number) => admin.errorGroups.list({ consumer: "grouped", since: new Date(time) })
        const seen = group?.lastSeenAt.getTime() ?? 0
        assert.deepStrictEqual([(yield* since(seen)).items.length, (yield* since(seen + 60_000)).items.length], [1, 0])
        assert.sameMembers(state.handled, [0, 1, 2, 3])
        const audit = yield* admin.audit({ target: id })
        assert.deepStrictEqual(
          audit.items.map(({ action, affected, reason, who }) => [action, affected, reason, who]),
          [["operations.requeue", 4, "printer is back", asker]]
        )
        assert.isTrue((yield* admin.operations.list({})).items.some((operation) => operation.id === id))
      })
    )

    it.effect("edits one payload, which the handler's schema checks, and discards another", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const { state } = yield* withDead("edited", 2)
        const [second, first] = (yield* admin.deadLetters.list({ consumer: "edited" })).items
        const letter = yield* admin.deadLetters.get(first?.deliveryId ?? "")
        const { attemptCount, deliveryId, gaveUpAt } = letter
        const verdict = yield* admin.deadLetters.check(deliveryId, { payload: `{ "n": "x" }`, attemptCount, gaveUpAt })
        assert.deepStrictEqual([verdict.isValid, verdict.problems[0]?.path], [false, "n"])
        const invalid = yield* Effect.flip(
          admin.deadLetters.edit(deliveryId, { payload: `{ "n": "x" }`, attemptCount, gaveUpAt })
        )
        assert.strictEqual(invalid._tag, "Invalid")
        const stale = yield* Effect.flip(
          admin.deadLetters.edit(deliveryId, { payload: `{ "n": 7 }`, attemptCount: 9, gaveUpAt })
        )
        assert.strictEqual(stale._tag, "Conflict")
        state.isBroken = false
        assert.strictEqual(
          (yield* admin.deadLetters.edit(deliveryId, { payload: `{ "n": 7 }`, attemptCount, gaveUpAt })).affected,
          1
        )
        yield* settledOf("edited")
        const edited = yield* admin.audit({ target: deliveryId })
        assert.deepStrictEqual(
          edited.items.map(({ action }) => action),
          ["deadLetters.edit"]
        )
        assert.deepStrictEqual(state.handled, [7])
        assert.strictEqual(
          (yield* admin.deadLetters.discard(second?.deliveryId ?? "", { reason: "a test" })).affected,
          1
        )
        assert.lengthOf((yield* admin.deadLetters.list({ consumer: "edited" })).items, 0)
      })
    )

    it.effect("pauses and resumes a consumer, and says who did", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        yield* withDead("paused", 1)
        const pausing = yield* admin.consumers.pause("paused", { reason: "stocktaking" })
        assert.deepStrictEqual([pausing.pausedBy, pausing.pauseReason], [asker, "stocktaking"])
        // Whoever was refused the same did not do it.
        yield* Audit.use((audit) => audit.record({ action: "consumers.pause", target: "paused", outcome: "refused" }))
        const paused = yield* admin.consumers.get("paused")
        assert.isNotNull(paused.pausedAt)
        assert.deepStrictEqual([paused.pausedBy, paused.pauseReason], [asker, "stocktaking"])
        const { attention, consumers } = yield* admin.overview
        assert.include(
          attention.find(({ id, subject }) => id === "consumer-paused" && subject === "paused")?.title,
          `Z by ${asker}: stocktaking.`
        )
        assert.strictEqual(consumers.find(({ consumer }) => consumer === "paused")?.pausedBy, asker)
        const resumed = yield* admin.consumers.resume("paused", {})
        assert.deepStrictEqual([resumed.pausedAt, resumed.pausedBy, resumed.pauseReason], [null, null, null])
        // Who paused it before is not who does now: not where the clock has gone on.
        yield* Effect.sleep("2 millis")
        yield* SubscriptionStore.use((store) => store.setPaused("paused", true))
        const unknown = yield* admin.consumers.get("paused")
        assert.isNotNull(unknown.pausedAt)
        assert.deepStrictEqual([unknown.pausedBy, unknown.pauseReason], [null, null])
        yield* SubscriptionStore.use((store) => store.setPaused("paused", false))
        const audit = yield* admin.audit({ target: "paused" })
        assert.deepStrictEqual(
          audit.items.map(({ action, outcome, reason }) => [action, outcome, reason]),
          [
            ["consumers.resume", "done", null],
            ["consumers.pause", "refused", null],
            ["consumers.pause", "done", "stocktaking"]
          ]
        )
        const served = yield* Effect.flip(admin.consumers.retire("paused", {}))
        assert.strictEqual(served._tag, "Conflict")
        assert.isTrue((yield* admin.replicas).some(({ consumers }) => consumers.includes("paused")))
      })
    )

    it.effect("tells by which rules a consumer is handled, from which versions on, and who says so", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const options = {
          ordering: "aggregate",
          concurrency: 2,
          maxAttempts: 7,
          timeout: "90 seconds",
          retrySchedule: Schedule.spaced("1 second")
        } as const
        const { Happened } = yield* withDead("ruled", 0, options)
        yield* admin.settings.put("retryMaxDelayMs", { value: 5000 })
        const { rules, subscriptions } = yield* until(admin.consumers.get("ruled"), ({ rules }) => rules.length > 0)
        assert.deepStrictEqual(
          rules.map(({ name, values }) => [name, ...values.flatMap(({ source, value }) => [value, source])]),
          [
            ["mode", "transactional", "default"],
            ["ordering", "aggregate", "code"],
            ["onDeadLetter", "park", "default"],
            ["delayed", "hold", "default"],
            ["concurrency", 2, "code"],
            ["batchSize", 10, "default"],
            ["timeoutMs", 90_000, "code"],
            ["maxAttempts", 7, "code"],
            ["retryBaseDelayMs", "schedule", "code"],
            ["retryMaxDelayMs", 5000, "stored"],
            ["retryJitterPercent", 0, "default"]
          ]
        )
        assert.deepStrictEqual(
          rules.find(({ name }) => name === "timeoutMs")?.setting,
          "core.integration.outbox.processingLeaseMs"
        )
        assert.deepStrictEqual(subscriptions, [
          { event: Happened.name, priority: 0, isServed: true, versions: [{ version: 1, processes: [] }] }
        ])
        yield* admin.settings.put("retryMaxDelayMs", { value: null })
        yield* withDead("unruled", 0, {})
        const unruled = yield* until(admin.consumers.get("unruled"), ({ rules }) => rules.length > 0)
        assert.deepStrictEqual(
          unruled.rules
            .filter(({ values: [first] }) => first?.source !== "default")
            .map(({ name, values }) => [name, values]),
          [["retryBaseDelayMs", [{ value: 100, source: "option", processes: [] }]]]
        )
      })
    )

    it.effect("tells what a consumer has had open for the longest time, and not what gave up", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        yield* withDead("oldest", 1)
        yield* admin.consumers.pause("oldest", {})
        const { Happened, happenings } = eventsOf("oldest")
        const stored = yield* Publisher.publishAll(happenings(11))
        const { oldest } = yield* admin.consumers.get("oldest")
        assert.isFalse(oldest.isCut)
        assert.deepStrictEqual(
          oldest.deliveries.map(({ attemptCount, createdAt, eventId, eventName, state }) => [
            eventId,
            eventName,
            state,
            attemptCount,
            createdAt instanceof Date
          ]),
          stored.slice(0, 10).map(({ id }) => [id, Happened.name, "ready", 0, true])
        )
      })
    )

    it.effect("tells of a process which versions it runs, how it hears of events, and what it has under way", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const told = yield* until(
          Effect.map(admin.replicas, (all) => all.find(({ status }) => status === "running")),
          (replica) => replica !== undefined && replica.isListening !== null
        )
        const { version } = yield* admin.overview
        assert.deepStrictEqual(
          [told?.version, told?.applicationVersion, told?.isListening],
          [version, "1.4.0", name === "PostgreSQL"]
        )
        assert.isAtLeast(told?.batches ?? -1, 0)
        assert.isAtLeast(told?.maxBatches ?? -1, 1)
      })
    )

    it.effect("changes a setting within its bounds, and keeps who did", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const put = yield* admin.settings.put("maxAttempts", { value: 5, reason: "slow printer" })
        const [entry] = (yield* admin.audit({ target: put.key })).items
        assert.deepStrictEqual([entry?.action, entry?.reason, entry?.who], ["settings.change", "slow printer", asker])
        assert.deepStrictEqual([put.value, put.source], [5, "stored"])
        assert.strictEqual((yield* Effect.flip(admin.settings.put("maxAttempts", { value: 0 })))._tag, "Invalid")
        const misspelt = yield* Effect.flip(admin.settings.put("maxAttemps", { value: 1 }))
        assert.strictEqual(misspelt._tag, "NotFound")
        assert.include(misspelt.detail, "Did you mean maxAttempts?")
        yield* admin.settings.put("maxAttempts", { value: null })
        const found = (yield* admin.settings.list).find(({ key }) => key === put.key)
        assert.deepStrictEqual([found?.value, found?.source], [3, "default"])
        assert.deepStrictEqual(
          (yield* admin.settings.history("maxAttempts")).map(({ changedBy, reason, value }) => [
            value,
            changedBy,
            reason
          ]),
          [
            [null, asker, null],
            [5, asker, "slow printer"]
          ]
        )
      })
    )

    it.effect("shows entities, what they are linked with, and their lives", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        const links = yield* LinkStore
        const [invoice, order, customer] = ["Invoice", "Order", "Customer"].map((entityType) => ({
          module: "shown",
          entityType,
          entityId: "1/a"
        })) as [Entity, Entity, Entity]
        yield* links.create({ source: invoice, target: order, linkType: "reference" })
        yield* links.create({ source: order, target: customer, linkType: "reference" })
        assert.lengthOf((yield* admin.links.list(order)).items, 2)
        const graph = yield* admin.links.graph({ ...invoice, hops: 2 })
        assert.deepStrictEqual(
          graph.entities.map(({ entity, hops }) => [entity.entityType, hops]),
          [
            ["Invoice", 0],
            ["Order", 1],
            ["Customer", 2]
          ]
        )
        const { moments } = yield* admin.links.life(order)
        assert.deepStrictEqual(
          moments.map(({ kind }) => kind),
          ["link", "link"]
        )
      })
    )

    it.effect("tells figures, contracts, and what a diagnosis found", () =>
      Effect.gen(function* () {
        const admin = yield* Admin
        yield* withDead("figures", 2)
        const span = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) }
        const points = yield* admin.statistics.series({ ...span, consumer: "figures" })
        assert.strictEqual(
          points.reduce((sum, { gaveUp }) => sum + gaveUp, 0),
          2
        )
        assert.isTrue((yield* admin.statistics.flows(span)).some(({ consumer }) => consumer === "figures"))
        assert.isTrue((yield* admin.statistics.consumers(span)).some(({ consumer }) => consumer === "figures"))
        assert.isArray(yield* admin.statistics.gauges({ ...span, consumer: "figures" }))
        assert.isArray(yield* admin.contracts)
        const { checks } = yield* admin.doctor
        assert.isNotEmpty(checks)
      })
    )
  })
})

interface Entity {
  readonly module: string
  readonly entityType: string
  readonly entityId: string
}
