/** What a failed attempt leaves behind, and whom it is charged to. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  InboxStore,
  LinkStore,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { databases, runtimes } from "../support/databases.ts"
import { deliveries, eventsOf, NotToday, note, noted, serve, services, settledAll, until } from "../support/scenario.ts"

/** Collects what is logged above the level of debugging. */
const logged: Array<string> = []
const collecting = Logger.layer([Logger.make(({ message }) => logged.push(String(message)))])

/** Everything there is about a failed attempt is written down, on whatever it runs. */
describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  layer(Layer.provideMerge(runtime(), collecting), { excludeTestServices: true, timeout: "60 seconds" })(
    "unprintable errors",
    (it) => {
      it.effect.each(["transactional", "leased"] as const)(
        "what cannot be printed, or is no Effect, is the attempt's failure like any other (%s)",
        (mode) =>
          Effect.gen(function* () {
            const { Happened, happenings } = eventsOf(`unprintable-${mode}`)
            const refuse = (): never => {
              throw new Error("not to be read")
            }
            class Unreadable extends Error {
              override get message(): string {
                return refuse()
              }
            }
            const failures: ReadonlyArray<() => unknown> = [
              () => Effect.fail({ toJSON: refuse, toString: refuse }),
              () => Effect.fail(new Unreadable()),
              () => Effect.die(Object.defineProperty({}, "_tag", { get: refuse })),
              () => undefined,
              () => "no effect",
              () => Effect.fail(new Error("x".repeat(5_000_000)))
            ]
            yield* serve(
              Subscriber.make({
                consumer: Consumer.make(`unprintable-${mode}`, { mode, maxAttempts: 1 }),
                event: Happened,
                handler: ({ payload }) => failures[payload.n]?.() as Effect.Effect<void>
              })
            )
            const processor = yield* Processor
            const errors: Array<string> = []
            for (const [event] of yield* Effect.forEach(happenings(failures.length), (_) =>
              Publisher.publishAll([_])
            )) {
              const [settled] = yield* processor.settled(event?.id ?? "")
              assert.deepInclude(settled, { status: "dead_letter", attemptCount: 1 })
              assert.notInclude(settled?.errorTag ?? "", "Crashed")
              assert.isAtMost([...(settled?.lastError ?? "")].length, 1023)
              errors.push(settled?.lastError ?? "")
            }
            const printing = "an error that cannot be printed: printing it threw Error: not to be read"
            assert.deepStrictEqual(errors.slice(0, 3), [`Object: ${printing}`, `Unreadable: ${printing}`, "{}"])
            assert.include(errors[3], "The handler returned undefined, not an Effect.")
            assert.include(errors[4], "The handler returned string, not an Effect.")
            assert.match(errors[5] ?? "", /^Error: x+…$/)
            // What failed is said after it was written.
            const said = Effect.sync(() => logged.filter((message) => message.includes("Gave up after attempt 1")))
            const lines = yield* until(said, ({ length }) => length === failures.length)
            assert.lengthOf(
              lines.filter((message) => message.includes("Gave up after attempt 1,Error: xxx")),
              1
            )
            for (const message of logged) assert.isAtMost(message.length, 4100)
            logged.length = 0
          }),
        20_000
      )
    }
  )
})

describe.each(databases)("on $name", ({ isServer, layer: database }) => {
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
        const [short, long] = yield* Effect.forEach(yield* inbox.findByConsumer("stacks", undefined, 2), (delivery) =>
          inbox.attempts(delivery)
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
        // PGlite's connections are not watched.
        const first = isServer ? ": division by zero, by SELECT 1 / 0" : ""
        assert.strictEqual(
          settled?.lastError,
          `TransactionAborted: The handler of consumer "swallow" for "swallow.happened" caught the error of a failed statement and went on, but PostgreSQL has aborted the transaction${first}. Wrap statements that may fail in Transactor.withTransaction (a savepoint), or use ON CONFLICT.`
        )
      })
    )

    it.effect.runIf(isServer)(
      "of several failed statements the first is named that was not rolled back, without its values",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("first")
          const sql = yield* SqlClient.SqlClient
          const fails = <R>(statement: Effect.Effect<unknown, unknown, R>) => Effect.ignore(statement)
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make("first", { maxAttempts: 1 }),
              event: Happened,
              handler: () =>
                Effect.gen(function* () {
                  yield* fails(Transactor.withTransaction(sql`SELECT 1 / 0`))
                  yield* fails(sql`
                  SELECT ${"secret"}::int, 'secret, too', 'it''s', now(), now(), now(), now(), now(), now()`)
                  yield* fails(sql`SELECT 2 / 0`)
                })
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          const [settled] = yield* (yield* Processor).settled(event.id)
          assert.include(
            settled?.lastError,
            `: invalid input syntax for type integer: "secret", by SELECT $1::int, '…', '…', now(), now(), now(), now(), now(), now(). Wrap`
          )
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
})
