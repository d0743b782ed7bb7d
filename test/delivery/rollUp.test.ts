/** Roll-ups that race with somebody who gives the event another delivery, or with the end. */
import { assert, it, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import * as Incident from "../../src/delivery/incident.ts"
import * as RollUp from "../../src/delivery/maintenance/rollUp.ts"
import { StoreError } from "../../src/errors/StoreErrors.ts"
import { IntegrationMemory, OutboxStore, Settings, Transactor } from "../../src/index.ts"
import { newEvent, settleNext, subscribe, withDeliveries } from "../../src/testing/conformance/support.ts"
import { postgres } from "../support/databases.ts"
import { services, until } from "../support/scenario.ts"

const lost = Effect.fail(new StoreError({ operation: "test", reason: "down", isRetryable: true, cause: undefined }))

it.live("what the end interrupts, while the store fails, is rolled up at the end", () =>
  Effect.gen(function* () {
    const outbox = yield* OutboxStore
    const asked: Array<ReadonlyArray<string>> = []
    const failed = yield* Deferred.make<void>()
    const failing = OutboxStore.of({
      ...outbox,
      rollUp: (ids) =>
        Effect.suspend(() => {
          asked.push(ids)
          return asked.length > 1
            ? Effect.succeed(ids.length)
            : Effect.andThen(Deferred.succeed(failed, undefined), lost)
        })
    })
    yield* Effect.scoped(
      Effect.gen(function* () {
        const rollUp = yield* RollUp.make(failing, Incident.make(Effect.void), yield* Settings, Duration.zero)
        yield* rollUp.offer(["a", "b"])
        yield* Deferred.await(failed)
      })
    )
    assert.deepStrictEqual(asked, [
      ["a", "b"],
      ["a", "b"]
    ])
  }).pipe(Effect.provide(IntegrationMemory))
)

layer(services(postgres()), { excludeTestServices: true, timeout: "60 seconds" })("roll-up", (it) => {
  it.effect("does not finish an event that was given a delivery while it waited for the row", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* OutboxStore
      const { claim, eventIds } = yield* withDeliveries(1)
      const [eventId = ""] = eventIds
      yield* settleNext(claim, { status: "processed" })
      const written = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      // What the registration sweep does: a further delivery, and the event is pending again.
      const sweep = yield* Effect.gen(function* () {
        yield* sql`UPDATE outbox_event SET status = 'pending', updated_at = clock_timestamp() WHERE id = ${eventId}::uuid`
        yield* sql`
          INSERT INTO inbox_event (outbox_event_id, consumer_name, event_name, position)
          SELECT id, 'late', event_name, position FROM outbox_event WHERE id = ${eventId}::uuid`
        yield* Deferred.succeed(written, undefined)
        yield* Deferred.await(commit)
      }).pipe(Transactor.withTransaction, Effect.forkChild)
      yield* Deferred.await(written)
      const rollUp = yield* Effect.forkChild(outbox.rollUp([eventId]))
      // It has read what it decides by, and waits for the row.
      yield* until(
        sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE %outbox_event AS o%'`,
        (rows) => rows.length > 0
      )
      yield* Deferred.succeed(commit, undefined)
      yield* Fiber.join(sweep)
      assert.strictEqual(yield* Fiber.join(rollUp), 0)
      assert.strictEqual((yield* outbox.findById(eventId))?.status, "pending")
    })
  )

  it.effect("two of the same events never wait for each other in a circle, whichever order they were found in", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* OutboxStore
      yield* subscribe("backwards", "backwards")
      // Ids, and rows on disk, in the opposite order of positions.
      const idOf = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`
      const ids = Array.from({ length: 10_000 }, (_, n) => idOf(10_000 - n))
      const first = ids.slice(0, 1000)
      yield* outbox.append(ids.map((id) => newEvent("backwards", { id })))
      yield* sql`UPDATE inbox_event SET status = 'processed' WHERE event_name = 'backwards'`
      yield* sql`CLUSTER outbox_event USING outbox_event_pkey`
      yield* sql`ANALYZE outbox_event`
      const outside = yield* Effect.context<SqlClient.SqlClient>()
      const waiting = (count: number) =>
        until(
          sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE %outbox_event AS o%'`,
          (rows) => rows.length === count
        ).pipe(Effect.setContext(outside))
      // Both get as far as a row in the middle, which somebody holds: what they have locked until then shows their order.
      const holding = Effect.gen(function* () {
        yield* sql`SELECT 1 FROM outbox_event WHERE id = ${first[500] ?? ""}::uuid FOR UPDATE`
        const given = yield* Effect.forkDetach(outbox.rollUp(first).pipe(Effect.setContext(outside)))
        yield* waiting(1)
        const found = yield* Effect.forkDetach(outbox.rollUpFrom(0n, 1000).pipe(Effect.setContext(outside)))
        yield* waiting(2)
        return [given, found] as const
      })
      const [given, found] = yield* Transactor.withTransaction(holding)
      assert.strictEqual((yield* Fiber.join(given)) + (yield* Fiber.join(found)), 1000)
    })
  )
})
