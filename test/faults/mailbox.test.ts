/**
 * What must not stand in anybody's way: dead letters and parked deliveries by the thousand, and maintenance that races.
 *
 * Seen failing with the mechanism off: without `park` fresh events never come past what is stuck; with retention that
 * neither locks the event first nor looks at it again (`retention.ts`) what was just requeued is removed.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  SubscriptionStore
} from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { printed, rounds } from "../support/faults.ts"
import { eventsOf, serve, services, until } from "../support/scenario.ts"

const quickPolls = { settings: { pollingIntervalMs: 200, idlePollingIntervalMs: 400 } }

it.live(
  "10,000 dead letters and 10,000 parked deliveries at the head of a mailbox do not delay fresh events",
  () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { Happened } = eventsOf("crowded")
      const seen: Array<number> = []
      const consumer = Consumer.make("crowded", { ordering: "aggregate", concurrency: 2 })
      const handling = Subscriber.make({
        consumer,
        event: Happened,
        handler: ({ payload }) => Effect.sync(() => seen.push(payload.n))
      })
      yield* Effect.scoped(serve(handling))
      const stuck = (from: number) =>
        Array.from({ length: 1000 }, (_, n) =>
          DomainEvent.publication(Happened, { n: from + n }, { aggregateId: `stuck-${(from + n) % 10_000}` })
        )
      for (let from = 0; from < 20_000; from += 1000) yield* Publisher.publishAll(stuck(from))
      // The first of each aggregate gave up; the second waits behind it.
      yield* sql`
        UPDATE inbox_event SET status = 'dead_letter', attempt_count = 3, processed_at = clock_timestamp()
        WHERE position <= (SELECT min(position) + 9999 FROM inbox_event)`
      yield* sql`ANALYZE inbox_event`
      const began = performance.now()
      yield* serve(handling)
      yield* until(
        sql<{ parked: number }>`SELECT count(*)::int AS parked FROM inbox_event WHERE available_at = 'infinity'`,
        ([row]) => row?.parked === 10_000
      )
      const parkedAfter = performance.now() - began
      const times: Array<number> = []
      for (let n = 0; n < 20 * rounds; n++) {
        const start = performance.now()
        yield* Publisher.publish(Happened, { n: 50_000 + n }, { aggregateId: `fresh-${n}` })
        yield* until(
          Effect.sync(() => seen.at(-1)),
          (last) => last === 50_000 + n
        )
        times.push(performance.now() - start)
      }
      assert.lengthOf(seen, times.length)
      yield* printed(
        `fresh events beside 10,000 dead letters and 10,000 parked (parked within ${Math.round(parkedAfter)} ms)`,
        times
      )
      const processor = yield* Processor
      const letters = yield* DeadLetters
      assert.strictEqual(yield* letters.requeueAll({ consumer: "crowded" }), 10_000)
      yield* processor.drain
      yield* until(
        Effect.sync(() => seen.length),
        (length) => length >= 20_000 + times.length
      )
      assert.isEmpty(yield* sql`SELECT 1 FROM inbox_event WHERE status <> 'processed'`)
    }).pipe(Effect.scoped, Effect.provide(services(postgres(), quickPolls))),
  240_000 * rounds
)

it.live(
  "requeue, backfill and retention at the same time lose nothing that is wanted",
  () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { Happened } = eventsOf("racing")
      const outbox = yield* OutboxStore
      const letters = yield* DeadLetters
      let isBroken = true
      const count = 2000
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("racing", { maxAttempts: 1 }),
          event: Happened,
          handler: () => (isBroken ? Effect.fail("no") : Effect.void)
        })
      )
      for (let from = 0; from < count; from += 500) {
        yield* Publisher.publishAll(
          Array.from({ length: 500 }, (_, n) => DomainEvent.publication(Happened, { n: from + n }))
        )
      }
      yield* until(sql`SELECT 1 FROM inbox_event WHERE status <> 'dead_letter'`, (rows) => rows.length === 0)
      isBroken = false
      const removing = yield* Effect.forkScoped(
        Effect.gen(function* () {
          for (;;) {
            let after: string | undefined
            do {
              const window = { after, limit: 100, hours: 0.000_001, deadLetterHours: 0.000_001 }
              after = (yield* Effect.retry(outbox.removeSettled(window), { times: 20 })).next
            } while (after !== undefined)
            yield* Effect.sleep("1 millis")
          }
        })
      )
      // Whatever was requeued, or given to a late consumer, has to be handled: never removed while it is open.
      yield* sql`CREATE TABLE lost (id uuid)`
      yield* sql`
        CREATE FUNCTION note_lost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF OLD.status IN ('received', 'processing') THEN INSERT INTO lost VALUES (OLD.id); END IF;
          RETURN OLD;
        END $$`
      yield* sql`CREATE TRIGGER note_lost BEFORE DELETE ON inbox_event FOR EACH ROW EXECUTE FUNCTION note_lost()`
      const late = Subscriber.make({
        consumer: Consumer.make("racing-late", { startFrom: "beginning" }),
        event: Happened,
        handler: () => Effect.void
      })
      const requeue = Effect.retry(letters.requeueAll({ consumer: "racing" }), { times: 20 })
      yield* Effect.all([requeue, serve(late), requeue], { concurrency: "unbounded" })
      const subscriptions = yield* SubscriptionStore
      yield* until(subscriptions.backfill, ({ isOpen }) => !isOpen)
      yield* until(
        sql`SELECT 1 FROM inbox_event WHERE status IN ('received', 'processing') OR (status = 'failed' AND available_at IS NOT NULL)`,
        (rows) => rows.length === 0
      )
      yield* Fiber.interrupt(removing)
      assert.isEmpty(yield* sql`SELECT id::text FROM lost`)
    }).pipe(Effect.scoped, Effect.provide(services(postgres(), quickPolls))),
  240_000 * rounds
)
