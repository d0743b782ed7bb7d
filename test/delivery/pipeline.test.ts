/**
 * Batches that are claimed while the one before is committed.
 *
 * Seen failing with the mechanism off: when a batch does not wait for its turn (`transaction.ts`), handlers miss what
 * the one before has written, and run beside each other; when the turn is not refused after a failed commit
 * (`runRound.ts`), what was claimed early is held, and handled, while the batch before is repeated.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, serve, services } from "../support/scenario.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

const [postgres] = databases

it.live("handlers of one worker see what those before them have written, across batches", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("seen")
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO shared (id) VALUES (1)`
    const counting = Subscriber.make({
      consumer: Consumer.make("seen", { batchSize: 20 }),
      event: Happened,
      // Not how one counts: what was read may be old, if somebody else counts too.
      handler: Effect.fnUntraced(function* () {
        const [row] = yield* sql<{ total: number }>`SELECT total FROM shared WHERE id = 1`
        yield* sql`UPDATE shared SET total = ${(row?.total ?? 0) + 1} WHERE id = 1`
      })
    })
    yield* serve(counting)
    for (const { id } of yield* Publisher.publishAll(happenings(1000))) yield* Processor.use((_) => _.settled(id))
    const [row] = yield* sql<{ total: number }>`SELECT total FROM shared WHERE id = 1`
    assert.strictEqual(row?.total, 1000)
  }).pipe(Effect.scoped, Effect.provide(services(postgres.layer)))
)

it.live("after a COMMIT that failed, the batch that was claimed early waits for its repetition", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("early")
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE parent (id int PRIMARY KEY)`
    yield* sql`CREATE TABLE child (id int REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`
    let running = 0
    let most = 0
    const inserting = Subscriber.make({
      consumer: Consumer.make("early", { batchSize: 20, maxAttempts: 1 }),
      event: Happened,
      handler: Effect.fnUntraced(function* ({ payload: { n } }) {
        most = Math.max(most, ++running)
        yield* sql`INSERT INTO ledger (consumer, event_id, n) VALUES ('early', gen_random_uuid(), ${n})`
        if (n % 100 === 50) yield* sql`INSERT INTO child (id) VALUES (${n})`
        running--
      })
    })
    yield* serve(inserting)
    const events = yield* Publisher.publishAll(happenings(400))
    for (const { id } of events) yield* Processor.use((_) => _.settled(id))
    assert.strictEqual(most, 1)
    const hopeless = [50, 150, 250, 350]
    assert.deepStrictEqual(
      yield* noted("early"),
      numbers(400).filter((n) => !hopeless.includes(n))
    )
    const dead = (yield* deliveries("early")).filter(({ status }) => status === "dead_letter")
    assert.lengthOf(dead, hopeless.length)
  }).pipe(Effect.scoped, Effect.provide(services(postgres.layer)))
)

it.live("a startup drain whose batches are cut short goes on until nothing is due", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("cut")
    const handled: Array<number> = []
    const sql = yield* SqlClient.SqlClient
    // Its COMMIT takes long enough for an early claim to find every delivery held.
    yield* sql`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END'`
    yield* sql`
      CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION linger()`
    const slow = Subscriber.make({
      consumer: "cut",
      event: Happened,
      handler: Effect.fnUntraced(function* (event) {
        yield* note("cut", event)
        yield* Effect.sleep("5 millis")
        handled.push(event.payload.n)
      })
    })
    yield* Effect.scoped(serve(slow))
    // As many as the drain's first batch takes, and more than its time allows.
    yield* Publisher.publishAll(happenings(50))
    yield* serve(slow)
    assert.deepStrictEqual(handled, numbers(50))
  }).pipe(Effect.scoped, Effect.provide(services(postgres.layer)))
)
