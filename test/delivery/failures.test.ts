/** What a failed attempt leaves behind, whom it is charged to, and how it ends. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Data, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  InboxStore,
  LinkStore,
  Processor,
  Publisher,
  SqlCapabilities,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, serve, services, until } from "../support/scenario.ts"

class NotToday extends Data.TaggedError("NotToday")<{ readonly why: string }> {
  override get message() {
    return this.why
  }
}

/** Publishes, and waits until everything is settled for good. */
const settledAll = Effect.fnUntraced(function* (publications: ReadonlyArray<DomainEvent.Publication.Any>) {
  const processor = yield* Processor
  for (const { id } of yield* Publisher.publishAll(publications)) yield* processor.settled(id)
  yield* processor.drain
})

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("failures", (it) => {
    it.effect("a failed attempt leaves no row, no link and no event; its retry leaves one of each", () =>
      Effect.gen(function* () {
        const { Followed, Happened, happenings } = eventsOf("traces")
        yield* serve(
          Subscriber.make({
            consumer: "traces",
            event: Happened,
            handler: (event) =>
              Effect.gen(function* () {
                yield* note("traces", event)
                yield* LinkStore.create({
                  source: event.aggregate,
                  target: { module: "other", entityType: "Copy", entityId: `traces-${event.payload.n}` },
                  linkType: "cascade"
                })
                yield* Publisher.publish(Followed, event.payload)
                if (event.payload.n === 1 && event.attempt < 3) return yield* new NotToday({ why: "later" })
              })
          })
        )
        yield* settledAll(happenings(3))
        assert.deepStrictEqual(yield* noted("traces"), [0, 1, 2])
        const sql = yield* SqlClient.SqlClient
        const links =
          yield* sql`SELECT target_entity_id AS id FROM integration_link WHERE target_entity_id LIKE 'traces-%' ORDER BY 1`
        assert.deepStrictEqual(links, [{ id: "traces-0" }, { id: "traces-1" }, { id: "traces-2" }])
        const followed =
          yield* sql`SELECT payload->>'n' AS n FROM outbox_event WHERE event_name = ${Followed.name} ORDER BY 1`
        assert.deepStrictEqual(followed, [{ n: "0" }, { n: "1" }, { n: "2" }])
        assert.deepStrictEqual(
          (yield* deliveries("traces")).map((_) => [_.status, _.attempts]),
          [
            ["processed", 1],
            ["processed", 3],
            ["processed", 1]
          ]
        )
      })
    )

    it.effect("one failing delivery in a full batch is charged to nobody else", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("batch")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("batch", { maxAttempts: 1 }),
            event: Happened,
            handler: (event) =>
              Effect.andThen(note("batch", event), event.payload.n === 5 ? Effect.die(new Error("bug")) : Effect.void)
          })
        )
        yield* settledAll(happenings(30))
        const rows = yield* deliveries("batch")
        assert.deepStrictEqual(
          rows.filter((_) => _.status !== "processed").map((_) => [_.n, _.status, _.attempts, _.error]),
          [[5, "dead_letter", 1, "Error: bug"]]
        )
        assert.isTrue(rows.every((_) => _.attempts === 1))
        assert.lengthOf(yield* noted("batch"), 29)
      })
    )

    it.effect("a handler that violates a deferred constraint is charged, its neighbours are not", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("deferred")
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE parent (id int PRIMARY KEY)`
        yield* sql`INSERT INTO parent SELECT i FROM generate_series(0, 20) AS i WHERE i <> 4`
        yield* sql`CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("deferred", { maxAttempts: 2 }),
            event: Happened,
            handler: (event) => sql`INSERT INTO child (id) VALUES (${event.payload.n})`
          })
        )
        yield* settledAll(happenings(12))
        const rows = yield* deliveries("deferred")
        assert.deepStrictEqual(
          rows.filter((_) => _.status !== "processed").map((_) => [_.n, _.status, _.attempts]),
          [[4, "dead_letter", 2]]
        )
        assert.include(rows[4]?.error, "violates foreign key constraint")
        assert.isTrue(rows.every((_) => _.n === 4 || _.attempts === 1))
        assert.deepStrictEqual(yield* sql`SELECT count(*)::int AS count FROM child`, [{ count: 11 }])
      })
    )

    it.effect(
      "a handler that always fails makes maxAttempts attempts with doubling delays, then is a dead letter",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("always")
          const attempts: Array<number> = []
          const waits: Array<number | null> = []
          const seen = Effect.flatMap(deliveries("always"), ([row]) => Effect.sync(() => row && waits.push(row.waits)))
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make("always", { maxAttempts: 4 }),
              event: Happened,
              handler: (event) =>
                Effect.gen(function* () {
                  attempts.push(event.attempt)
                  // The row as the previous failure left it.
                  if (event.attempt > 1) yield* seen
                  return yield* new NotToday({ why: `attempt ${event.attempt}` })
                })
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          const [settled] = yield* (yield* Processor).settled(event.id)
          assert.deepStrictEqual(attempts, [1, 2, 3, 4])
          assert.deepStrictEqual(waits, [100, 200, 400])
          assert.deepInclude(settled, {
            status: "dead_letter",
            attemptCount: 4,
            lastError: "NotToday: attempt 4",
            errorTag: "NotToday"
          })
        })
    )

    it.effect("skip keeps what was written, fatal gives up at once, retryAfter sets the delay", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("directives")
        const waits: Array<number | null | undefined> = []
        yield* serve(
          Subscriber.make({
            consumer: "directives",
            event: Happened,
            handler: (event) =>
              Effect.gen(function* () {
                yield* note("directives", event)
                if (event.payload.n === 0) return yield* Subscriber.skip("not ours")
                if (event.payload.n === 1) return yield* Subscriber.fatal(new NotToday({ why: "never" }))
                if (event.attempt === 2) waits.push((yield* deliveries("directives"))[2]?.waits)
                if (event.attempt === 1) return yield* Subscriber.retryAfter("30 millis")
              })
          })
        )
        yield* settledAll(happenings(3))
        assert.deepStrictEqual(
          (yield* deliveries("directives")).map((_) => [_.status, _.attempts, _.error, _.tag]),
          [
            ["skipped", 1, "not ours", null],
            ["dead_letter", 1, "NotToday: never", "NotToday"],
            ["processed", 2, "The handler asked for a retry.", "string"]
          ]
        )
        assert.deepStrictEqual(waits, [30])
        assert.deepStrictEqual(yield* noted("directives"), [0, 2])
      })
    )

    it.effect(
      "errors that retrying cannot help are dead letters at once: by tag, or as a function of the error says",
      () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("hopeless")
          const consumer = Consumer.make("hopeless", {
            maxAttempts: 2,
            retryable: {
              NotToday: (error: NotToday) => error.why === "later",
              TypeError: false,
              Broken: () => {
                throw new Error("the rule itself fails")
              }
            }
          })
          const errors = [
            new NotToday({ why: "later" }),
            new NotToday({ why: "never" }),
            new TypeError("no such thing"),
            { _tag: "Broken" },
            { _tag: "Unnamed" }
          ]
          yield* serve(
            Subscriber.make({
              consumer,
              event: Happened,
              handler: ({ payload }) => (payload.n === 2 ? Effect.die(errors[2]) : Effect.fail(errors[payload.n]))
            })
          )
          yield* settledAll(happenings(5))
          const rows = yield* deliveries("hopeless")
          assert.deepStrictEqual(
            rows.map((row) => [row.status, row.attempts, row.tag]),
            [
              ["dead_letter", 2, "NotToday"],
              ["dead_letter", 1, "NotToday"],
              ["dead_letter", 1, "TypeError"],
              ["dead_letter", 2, "Broken"],
              ["dead_letter", 2, "Unnamed"]
            ]
          )
        })
    )

    it.effect("a consumer's own schedule sets its delays, and ends its attempts", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("scheduled")
        const consumer = Consumer.make("scheduled", {
          maxAttempts: 10,
          retrySchedule: Schedule.upTo(Schedule.spaced("120 millis"), { times: 2 }),
          retryMaxDelay: "1 minute",
          retryJitter: 0.5
        })
        yield* serve(Subscriber.make({ consumer, event: Happened, handler: () => Effect.fail("no") }))
        const processor = yield* Processor
        const [event] = yield* Publisher.publishAll(happenings(1))
        const [delivery] = yield* processor.settled(event?.id ?? "")
        assert.strictEqual(delivery?.attemptCount, 3)
        const attempts = yield* InboxStore.use((inbox) => inbox.attempts(delivery?.deliveryId ?? ""))
        assert.deepStrictEqual(
          attempts.map(({ attempt, error, outcome }) => [attempt, outcome, error?.split("\n")[0]]),
          [
            [1, "retry", "no"],
            [2, "retry", "no"],
            [3, "dead_letter", "no"]
          ]
        )
        for (const [index, { startedAt }] of attempts.slice(1).entries()) {
          assert.isAtLeast(startedAt.getTime() - (attempts[index]?.finishedAt?.getTime() ?? 0), 55)
        }
      })
    )

    it.effect("the history keeps a cut stack of the handler's own frames", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("stacks")
        const deep = (depth: number): never => {
          if (depth > 0) return deep(depth - 1)
          throw new NotToday({ why: `far down ${"!".repeat(5000)}` })
        }
        const failsWith = (n: number) => (n === 0 ? Effect.die(new Error("here")) : Effect.sync(() => deep(50)))
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("stacks", { maxAttempts: 1 }),
            event: Happened,
            handler: ({ payload }) => failsWith(payload.n)
          })
        )
        yield* settledAll(happenings(2))
        const inbox = yield* InboxStore
        const [short, long] = yield* Effect.forEach(yield* inbox.findByConsumer("stacks", 0n, 2), (delivery) =>
          inbox.attempts(delivery.deliveryId)
        )
        assert.match(short?.[0]?.error ?? "", /^Error: here\n +at .*failures\.test\.ts/)
        assert.notMatch(short?.[0]?.error ?? "", /node_modules/)
        assert.strictEqual(long?.[0]?.error?.length, 4000)
      })
    )

    it.effect("a payload that does not decode is a dead letter at once, and its batch is not repeated", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("decode")
        const runs: Array<number> = []
        yield* Effect.scoped(
          serve(Subscriber.make({ consumer: "decode", event: Happened, handler: () => Effect.void }))
        )
        const untyped = (payload: unknown) => ({
          eventName: Happened.name,
          sourceModule: "tests",
          aggregateType: "Thing",
          aggregateId: "1",
          payload
        })
        yield* Publisher.publishEvents([untyped({ n: 1 }), untyped({ n: "two" }), untyped({ n: 3 })])
        yield* serve(
          Subscriber.make({
            consumer: "decode",
            event: Happened,
            handler: (event) => Effect.sync(() => runs.push(event.payload.n))
          })
        )
        const sql = yield* SqlClient.SqlClient
        const rows = yield* sql<{ status: string; tag: string; error: string; attempts: number }>`
          SELECT status, error_tag AS tag, last_error AS error, attempt_count AS attempts
          FROM inbox_event WHERE consumer_name = 'decode' ORDER BY position`
        assert.deepStrictEqual(runs, [1, 3])
        assert.deepStrictEqual(
          rows.map((_) => [_.status, _.tag, _.attempts]),
          [
            ["processed", null, 1],
            ["dead_letter", "EventDecodingError", 1],
            ["processed", null, 1]
          ]
        )
        assert.include(rows[1]?.error, "at n:")
      })
    )

    it.effect("a handler that goes on after a failed statement is told so", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("swallow")
        const sql = yield* SqlClient.SqlClient
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("swallow", { maxAttempts: 1 }),
            event: Happened,
            handler: () => Effect.ignore(sql`SELECT 1 / 0`)
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const [settled] = yield* (yield* Processor).settled(event.id)
        assert.deepInclude(settled, { status: "dead_letter", errorTag: "TransactionAborted" })
        assert.include(settled?.lastError, "Wrap statements that may fail in Transactor.withTransaction")
      })
    )

    it.effect("a statement that fails in a savepoint costs the handler nothing", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inner")
        const sql = yield* SqlClient.SqlClient
        yield* serve(
          Subscriber.make({
            consumer: "inner",
            event: Happened,
            handler: (event) =>
              Effect.andThen(Effect.ignore(Transactor.withTransaction(sql`SELECT 1 / 0`)), note("inner", event))
          })
        )
        yield* settledAll([DomainEvent.publication(Happened, { n: 1 })])
        assert.deepStrictEqual(yield* noted("inner"), [1])
      })
    )

    it.effect("a handler that interrupts itself has failed", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("interrupt")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("interrupt", { maxAttempts: 1 }),
            event: Happened,
            handler: () => Effect.interrupt
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const [settled] = yield* (yield* Processor).settled(event.id)
        assert.deepInclude(settled, { status: "dead_letter", errorTag: "HandlerInterrupted" })
      })
    )

    it.effect("a handler that never returns times out, and the others go on", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("never")
        const { singleSession } = yield* SqlCapabilities
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("never", { maxAttempts: 1, timeout: "200 millis" }),
            event: Happened,
            handler: (event) => (event.payload.n === 1 ? Effect.never : note("never", event))
          })
        )
        yield* settledAll(happenings(3))
        const rows = yield* deliveries("never")
        assert.deepStrictEqual(
          rows.map((_) => [_.status, _.attempts, _.tag]),
          [
            ["processed", 1, null],
            ["dead_letter", 1, "HandlerTimeout"],
            ["processed", 1, null]
          ]
        )
        assert.include(
          rows[1]?.error,
          'The handler of consumer "never" for "never.happened" did not finish within 200 ms.'
        )
        assert.strictEqual(rows[1]?.error?.includes("single session"), singleSession)
      })
    )

    it.effect("an error longer than the column is cut, with what PostgreSQL refuses replaced", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("long")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("long", { maxAttempts: 1 }),
            event: Happened,
            handler: () => Effect.die(new Error(`\u0000\ud800${"😀".repeat(2000)}`))
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const [settled] = yield* (yield* Processor).settled(event.id)
        assert.lengthOf([...(settled?.lastError ?? "")], 1023)
        assert.match(settled?.lastError ?? "", /^Error: \\u0000\ufffd😀+…$/u)
      })
    )

    it.effect("a handler gets the services of its own layer", () =>
      Effect.gen(function* () {
        class Greeting extends Context.Service<Greeting, { readonly text: string }>()("test/Greeting") {}
        const { Happened } = eventsOf("own")
        const heard: Array<string> = []
        const greet = Subscriber.make({
          consumer: "own",
          event: Happened,
          handler: () => Effect.flatMap(Greeting, ({ text }) => Effect.sync(() => heard.push(text)))
        })
        yield* Layer.build(Subscriber.layer(greet).pipe(Layer.provide(Layer.succeed(Greeting, { text: "hello" }))))
        yield* settledAll([DomainEvent.publication(Happened, { n: 1 })])
        assert.deepStrictEqual(heard, ["hello"])
      })
    )
  })

  layer(services(database, { settings: { deadLetterEnabled: false, maxAttempts: 2 } }), { excludeTestServices: true })(
    "failures without dead letters",
    (it) => {
      it.effect("what gave up is failed, and is not tried again", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("plainly")
          yield* serve(
            Subscriber.make({
              consumer: "plainly",
              event: Happened,
              handler: () => Effect.fail(new NotToday({ why: "no" }))
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          const processor = yield* Processor
          const [settled] = yield* processor.settled(event.id)
          assert.deepInclude(settled, { status: "failed", attemptCount: 2, isOpen: false })
          assert.strictEqual(yield* processor.drain, 0)
          yield* until(processor.stats, (_) => _.events.failed === 1)
        })
      )
    }
  )
})

layer(services(databases[1].layer), { excludeTestServices: true, timeout: "60 seconds" })(
  "PGlite's single session",
  (it) => {
    it.effect("a handler that waits for the session its own batch holds times out, and the process goes on", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("session")
        const sql = yield* SqlClient.SqlClient
        // A query outside the delivery's transaction, as code that left the handler's fiber makes it.
        const elsewhere = Effect.updateContext(sql`SELECT 1`, (context: Context.Context<never>) =>
          Context.omit(sql.transactionService)(context)
        )
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("session", { maxAttempts: 1, timeout: "300 millis" }),
            event: Happened,
            handler: (event) => (event.payload.n === 1 ? elsewhere : note("session", event))
          })
        )
        yield* settledAll(happenings(4))
        const rows = yield* deliveries("session")
        assert.deepStrictEqual(yield* noted("session"), [0, 2, 3])
        assert.deepInclude(rows[1], { status: "dead_letter", attempts: 1, tag: "HandlerTimeout" })
        assert.include(
          rows[1]?.error,
          "This database has a single session, held by the transaction of this handler's batch"
        )
      })
    )
  }
)
