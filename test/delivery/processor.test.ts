/** Who gets which event, once, and when. */
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, Scope } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  type DomainEvent,
  LinkStore,
  Processor,
  Publisher,
  Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { databases, postgres } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, noting, serve, services, until } from "../support/scenario.ts"

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("delivery", (it) => {
    it.effect("an event of a transaction that was rolled back reaches nobody", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("rolled-back")
        yield* serve(noting("rolled-back", Happened))
        const processor = yield* Processor
        yield* Publisher.publish(Happened, { n: 1 }).pipe(
          Effect.andThen(Effect.fail("no")),
          Transactor.withTransaction,
          Effect.ignore
        )
        const event = yield* Publisher.publish(Happened, { n: 2 })
        yield* processor.settled(event.id)
        yield* processor.drain
        assert.deepStrictEqual(yield* noted("rolled-back"), [2])
        assert.lengthOf(yield* deliveries("rolled-back"), 1)
      })
    )

    it.effect("a savepoint that was rolled back takes only its own events", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("savepoint")
        yield* serve(noting("savepoint", Happened))
        const processor = yield* Processor
        const [before, after] = yield* Transactor.withTransaction(
          Effect.gen(function* () {
            const before = yield* Publisher.publish(Happened, { n: 1 })
            yield* Publisher.publish(Happened, { n: 2 }).pipe(
              Effect.andThen(Effect.fail("no")),
              Transactor.withTransaction,
              Effect.ignore
            )
            return [before, yield* Publisher.publish(Happened, { n: 3 })] as const
          })
        )
        yield* processor.settled(before.id)
        yield* processor.settled(after.id)
        assert.deepStrictEqual(yield* noted("savepoint"), [1, 3])
      })
    )

    it.effect("three consumers get an event once each, and only the one that fails is run again", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("three")
        const runs: Array<string> = []
        const counted = (consumer: string) =>
          Subscriber.make({
            consumer,
            event: Happened,
            handler: (event) =>
              Effect.gen(function* () {
                runs.push(consumer)
                yield* note(consumer, event)
                if (consumer === "three-b" && event.attempt === 1) return yield* Effect.die(new Error("not yet"))
              })
          })
        yield* serve(counted("three-a"), counted("three-b"), counted("three-c"))
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const settled = yield* (yield* Processor).settled(event.id)
        assert.deepStrictEqual(
          settled.filter((_) => _.consumer.startsWith("three")).map((_) => [_.consumer, _.status, _.attemptCount]),
          [
            ["three-a", "processed", 1],
            ["three-b", "processed", 2],
            ["three-c", "processed", 1]
          ]
        )
        assert.deepStrictEqual(runs.toSorted(), ["three-a", "three-b", "three-b", "three-c"])
      })
    )

    it.effect("a handler receives the event as it was published, and what it publishes inherits from it", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("fields")
        const seen: Array<DomainEvent.DomainEvent<string, { readonly n: number }>> = []
        yield* serve(
          Subscriber.make({
            consumer: "fields",
            event: [Happened, Followed],
            handler: (event) =>
              Effect.gen(function* () {
                seen.push(event)
                if (event.name === Happened.name) yield* Publisher.publish(Followed, { n: event.payload.n + 1 })
              })
          })
        )
        const processor = yield* Processor
        const event = yield* Publisher.publish(Happened, { n: 7 }, { metadata: { from: "test" }, correlationId: "c-1" })
        yield* processor.settled(event.id)
        yield* processor.drain
        const [first, second] = seen
        assert.deepInclude(first, {
          id: event.id,
          name: "fields.happened",
          sourceModule: "tests",
          aggregate: { module: "tests", entityType: "Thing", entityId: "thing-7" },
          payload: { n: 7 },
          metadata: { from: "test" },
          schemaVersion: 1,
          attempt: 1,
          correlationId: "c-1",
          causationId: undefined,
          timestamp: event.timestamp
        })
        assert.deepInclude(second, { payload: { n: 8 }, correlationId: "c-1", causationId: event.id })
        assert.notStrictEqual(first?.deliveryId, first?.id)
      })
    )

    it.effect("rows inserted into outbox_event by plain SQL are routed and delivered", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("plain")
        yield* serve(noting("plain", Happened))
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ id: string }>`
          INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
          VALUES ('plain.happened', 'psql', 'Thing', '1', '{"n": 5}'), ('plain.nobody', 'psql', 'Thing', '1', '{}')
          RETURNING id::text`
        yield* (yield* Processor).drain
        assert.deepStrictEqual(yield* noted("plain"), [5])
        const settled = yield* (yield* Processor).settled(row?.id ?? "")
        assert.isTrue(settled.some((_) => _.consumer === "plain" && _.status === "processed"))
        const statuses = yield* sql`SELECT DISTINCT status FROM outbox_event WHERE source_module = 'psql'`
        assert.deepStrictEqual(statuses, [{ status: "processed" }])
      })
    )

    it.effect("an event without a handler here, under a consumer served here, waits untouched", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("partial")
        // Another version of the application had a handler for both.
        yield* Effect.scoped(
          serve(
            Subscriber.make({
              consumer: "partial",
              event: [Happened, Followed],
              handler: (event) => note("partial", event)
            })
          )
        )
        yield* serve(noting("partial", Happened))
        const processor = yield* Processor
        yield* Publisher.publish(Followed, { n: 1 })
        const handled = yield* Publisher.publish(Happened, { n: 2 })
        yield* processor.settled(handled.id)
        yield* processor.drain
        assert.deepStrictEqual(yield* noted("partial"), [2])
        assert.deepStrictEqual(
          (yield* deliveries("partial")).map((_) => [_.n, _.status, _.attempts]),
          [
            [1, "received", 0],
            [2, "processed", 1]
          ]
        )
      })
    )

    it.effect("a pattern takes what it matches, and a consumer matched twice gets one delivery", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("pattern")
        const names: Array<string> = []
        yield* Effect.scoped(serve(noting("pattern", Happened)))
        yield* serve(
          Subscriber.make({
            consumer: "pattern",
            event: "pattern.*",
            handler: (event) => Effect.sync(() => names.push(event.name))
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* (yield* Processor).settled(event.id)
        assert.deepStrictEqual(names, ["pattern.happened"])
      })
    )
  })
})

layer(services(postgres()), { excludeTestServices: true, timeout: "60 seconds" })("delivery on a server", (it) => {
  it.effect("nothing is delivered before the publisher commits, and then without waiting for a poll", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("uncommitted")
      yield* serve(noting("uncommitted", Happened), noting("marker", Happened))
      const processor = yield* Processor
      const published = yield* Deferred.make<DomainEvent.Stored>()
      const commit = yield* Deferred.make<void>()
      const publisher = yield* Publisher.publish(Happened, { n: 1 }).pipe(
        Effect.tap((event) => Deferred.succeed(published, event)),
        Effect.tap(() => Deferred.await(commit)),
        Transactor.withTransaction,
        Effect.forkChild
      )
      yield* Deferred.await(published)
      // A later event of another transaction goes through all workers first.
      const later = yield* Publisher.publish(Happened, { n: 2 })
      yield* processor.settled(later.id)
      assert.deepStrictEqual(yield* noted("uncommitted"), [2])
      yield* Deferred.succeed(commit, undefined)
      const event = yield* Fiber.join(publisher)
      // Polls are an hour apart: only the wake-up after the commit can have delivered it.
      yield* processor.settled(event.id)
      assert.deepStrictEqual(yield* noted("uncommitted"), [1, 2])
    })
  )

  it.effect("a handler that runs when its layer closes finishes within the grace period", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("closing")
      const started = yield* Deferred.make<void>()
      const finish = yield* Deferred.make<void>()
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(
        Subscriber.layer(
          Subscriber.make({
            consumer: "closing",
            event: Happened,
            handler: (event) =>
              Effect.andThen(Deferred.succeed(started, undefined), Deferred.await(finish)).pipe(
                Effect.andThen(note("closing", event))
              )
          })
        ),
        scope
      )
      const event = yield* Publisher.publish(Happened, { n: 1 })
      yield* Deferred.await(started)
      const closing = yield* Effect.forkChild(Scope.close(scope, yield* Effect.exit(Effect.void)))
      yield* Deferred.succeed(finish, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* noted("closing"), [1])
      assert.isNotEmpty(yield* (yield* Processor).settled(event.id))
    })
  )

  it.effect("handlers find what was written in their transaction through links, and retire ends a subscription", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("linking")
      const processor = yield* Processor
      yield* Effect.scoped(
        serve(
          Subscriber.make({
            consumer: Consumer.make("linking"),
            event: Happened,
            handler: (event) =>
              LinkStore.create({
                source: event.aggregate,
                target: { module: "other", entityType: "Copy", entityId: event.id },
                linkType: "reference"
              })
          })
        ).pipe(
          Effect.andThen(
            Effect.flatMap(Publisher.publish(Happened, { n: 900 }), (event) => processor.settled(event.id))
          )
        )
      )
      const links = yield* LinkStore.findOutbound({ module: "tests", entityType: "Thing", entityId: "thing-900" })
      assert.lengthOf(links, 1)
      yield* Publisher.publish(Happened, { n: 901 })
      const listed = yield* processor.retire("linking")
      assert.deepInclude(listed, { ended: 0, skipped: 0 })
      assert.lengthOf(listed.open, 1)
      assert.deepStrictEqual(yield* processor.retire("linking", { open: "skip" }), { ended: 1, open: [], skipped: 1 })
      const after = yield* Publisher.publish(Happened, { n: 902 })
      assert.notInclude(after.consumers, "linking")
      assert.deepStrictEqual(
        (yield* deliveries("linking")).map((_) => [_.n, _.status]),
        [
          [900, "processed"],
          [901, "skipped"]
        ]
      )
    })
  )

  it.effect("retire refuses what is still served, settled an event nobody knows", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("served")
      const processor = yield* Processor
      yield* serve(noting("served", Happened))
      const refused = yield* Effect.flip(processor.retire("served"))
      assert.include(refused.message, 'Consumer "served" still has a handler for "served.happened" in this process')
      const unknown = yield* Effect.flip(processor.settled("00000000-0000-7000-8000-000000000000"))
      assert.include(unknown.message, "No event 00000000-0000-7000-8000-000000000000")
      assert.strictEqual((yield* Effect.flip(processor.settled("nonsense")))._tag, "EventNotFound")
    })
  )
})

layer(services(postgres(), { shutdownGracePeriod: "0 millis" }), { excludeTestServices: true })(
  "delivery without a grace period",
  (it) => {
    it.effect("a handler that runs when its layer closes is given back without its attempt counted", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("given-back")
        const started = yield* Deferred.make<void>()
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(
          Subscriber.layer(
            Subscriber.make({
              consumer: "given-back",
              event: Happened,
              handler: (event) =>
                note("given-back", event).pipe(
                  Effect.andThen(Deferred.succeed(started, undefined)),
                  Effect.andThen(Effect.never)
                )
            })
          ),
          scope
        )
        yield* Publisher.publish(Happened, { n: 1 })
        yield* Deferred.await(started)
        yield* Scope.close(scope, yield* Effect.exit(Effect.void))
        assert.deepStrictEqual(yield* noted("given-back"), [])
        const [row] = yield* until(deliveries("given-back"), (rows) => rows.length > 0)
        assert.deepInclude(row, { status: "received", attempts: 0, error: null })
        yield* serve(noting("given-back", Happened))
        assert.deepStrictEqual(yield* noted("given-back"), [1])
      })
    )
  }
)

// Nothing but what is asked for is done where the processor is switched off.
layer(services(postgres(), { settings: { processorEnabled: false } }), { excludeTestServices: true })(
  "delivery on request",
  (it) => {
    it.effect("processBatch settles one batch, startupDrain and drain the rest, stats count", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("batches")
        const processor = yield* Processor
        yield* serve(noting("batches", Happened))
        yield* Publisher.publishAll(happenings(25))
        assert.deepInclude((yield* processor.stats).deliveries.batches, { received: 25, processed: 0 })
        assert.strictEqual(yield* processor.processBatch, 10)
        assert.deepInclude((yield* processor.stats).events, { pending: 15, processed: 10 })
        assert.strictEqual(yield* processor.startupDrain, 15)
        yield* Publisher.publishAll(happenings(3))
        assert.strictEqual(yield* processor.drain, 3)
        const { finished, ...counts } = yield* processor.stats
        assert.deepInclude(finished, { isExact: true, since: null })
        assert.deepStrictEqual(counts, {
          events: { pending: 0, processing: 0, processed: 28, failed: 0, dead_letter: 0 },
          total: 28,
          outstanding: { open: 0, retrying: 0, parked: 0 },
          deliveries: {
            batches: {
              received: 0,
              processing: 0,
              retrying: 0,
              parked: 0,
              processed: 28,
              skipped: 0,
              failed: 0,
              dead_letter: 0
            }
          },
          paused: [],
          unserved: [],
          handlerCount: 1
        })
      })
    )

    it.effect("who waits for an event, and not for ever, is told who is waited for, and why", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("impatient")
        const processor = yield* Processor
        yield* SubscriptionStore.use((store) =>
          store.register([
            { consumer: "impatient.gone", event: Happened.name, priority: 0, ordering: "none" },
            // Nobody serves this one, but it has nothing to do with what is waited for.
            { consumer: "impatient.paused", event: "impatient.other", priority: 0, ordering: "none" }
          ])
        )
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("impatient.failing", { retryBaseDelay: "1 hour", retryMaxDelay: "1 hour" }),
            event: Happened,
            handler: () => Effect.fail("no luck")
          }),
          noting("impatient.paused", Happened),
          noting("impatient.through", Happened)
        )
        yield* processor.pause("impatient.paused")
        const { id } = yield* Publisher.publish(Happened, { n: 1 })
        yield* processor.drain
        const error = yield* Effect.flip(processor.settled(id, { timeout: "50 millis" }))
        assert.strictEqual(error._tag, "NotSettled")
        const [title, failing, gone, paused, ...others] = error.message.split("\n")
        assert.strictEqual(title, "Not everything was settled within 50 ms. Still open:")
        assert.match(failing ?? "", /^ {2}impatient\.failing: due in \d+ ms, after attempt 1 failed: no luck$/)
        assert.strictEqual(gone, "  impatient.gone: no process that runs serves it; Processor.unserved has all of them")
        assert.match(paused ?? "", /^ {2}impatient\.paused: paused since \d{4}-.*Z$/)
        assert.isEmpty(others)
        const never = yield* Effect.flip(processor.settled(id, { timeout: "soon" as never }))
        assert.strictEqual(never.message, "Option timeout of Processor.settled is soon, expected a duration.")
      })
    )

    it.effect("allSettled handles nothing itself, and ends when somebody has", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("waited")
        const processor = yield* Processor
        yield* serve(noting("waited", Happened))
        yield* processor.allSettled()
        yield* Publisher.publishAll(happenings(3))
        const waiting = yield* Effect.forkChild(processor.allSettled(["waited"]))
        assert.isTrue(Option.isNone(yield* Effect.timeoutOption(Fiber.await(waiting), "200 millis")))
        assert.deepStrictEqual(yield* noted("waited"), [])
        yield* processor.drain
        yield* Fiber.join(waiting)
        assert.deepStrictEqual(yield* noted("waited"), [0, 1, 2])
      })
    )
  }
)
