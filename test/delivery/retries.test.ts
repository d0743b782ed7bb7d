/** How often a delivery that fails is tried, when, and what ends its attempts. */
import { assert, describe, layer } from "@effect/vitest"
import { Duration, Effect, Schedule } from "effect"
import { Consumer, InboxStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { keyOf } from "../../src/testing/conformance/support.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, NotToday, note, noted, serve, services, settledAll } from "../support/scenario.ts"

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("failures", (it) => {
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

    it.effect("a delay that no database can add to a time gives up at once, and says what it may be", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("never-again")
        yield* serve(
          Subscriber.make({
            consumer: "never-again",
            event: Happened,
            handler: ({ payload }) => Subscriber.retryAfter(payload.n === 0 ? Duration.infinity : Number.NaN)
          })
        )
        const events = yield* Publisher.publishAll(happenings(2))
        for (const [n, value] of ["Infinity", "NaN"].entries()) {
          const [settled] = yield* (yield* Processor).settled(events[n]?.id ?? "")
          assert.deepInclude(settled, { status: "dead_letter", attemptCount: 1, errorTag: "InvalidOption" })
          assert.include(settled?.lastError ?? "", "delay of Subscriber.retryAfter")
          assert.include(settled?.lastError ?? "", "from zero to 800 years")
          assert.match(settled?.lastError ?? "", new RegExp(value, "i"))
        }
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
        const attempts = yield* InboxStore.use((inbox) => inbox.attempts(keyOf(delivery)))
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
          assert.strictEqual((yield* processor.stats).events.failed, 1)
        })
      )
    }
  )
})
