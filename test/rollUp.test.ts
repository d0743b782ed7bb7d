/** Roll-ups that race with somebody who gives the event another delivery, or with the end. */
import { assert, it, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { StoreError } from "../src/Errors.ts"
import { IntegrationMemory, OutboxStore, Settings, Transactor } from "../src/index.ts"
import * as Incident from "../src/internal/incident.ts"
import * as RollUp from "../src/internal/rollUp.ts"
import { settleNext, withDeliveries } from "../src/testing/support.ts"
import { postgres } from "./support/databases.ts"
import { services, until } from "./support/scenario.ts"

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
        sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE outbox_event AS o%'`,
        (rows) => rows.length > 0
      )
      yield* Deferred.succeed(commit, undefined)
      yield* Fiber.join(sweep)
      assert.strictEqual(yield* Fiber.join(rollUp), 0)
      assert.strictEqual((yield* outbox.findById(eventId))?.status, "pending")
    })
  )
})
