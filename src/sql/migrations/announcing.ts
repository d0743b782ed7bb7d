/**
 * The trigger that tells processes of events which plain SQL inserts: on or off.
 *
 * @internal
 */
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"

const trigger = "integration_event_announced"

/** For transactions that write events: most end soon. */
const again = { times: 30, schedule: Schedule.spaced("1 second") }

/** Switches it, if it is not so already: that waits for transactions that write events. Where plain names find the tables. */
export const announcing = (isOn: boolean) =>
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const [row] = yield* sql<{ isOn: boolean }>`
      SELECT tgenabled IN ('O', 'A') AS "isOn"
      FROM pg_trigger
      WHERE tgrelid = 'integration_event'::regclass AND tgname = ${trigger}`
    if (row?.isOn === isOn) return
    const { lockTimeout } = yield* SqlCapabilities
    const alter = sql.unsafe(`ALTER TABLE integration_event ${isOn ? "ENABLE" : "DISABLE"} TRIGGER ${trigger}`)
    // Whoever publishes waits behind it: not for long at a time.
    const briefly = Effect.andThen(sql`SELECT set_config('lock_timeout', '1s', true)`, alter)
    yield* lockTimeout ? Effect.retry(sql.withTransaction(briefly), again) : alter
  })
