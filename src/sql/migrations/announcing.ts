/**
 * The trigger that tells processes of events which plain SQL inserts: on or off.
 *
 * @internal
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const trigger = "integration_event_announced"

/** Switches it, if it is not so already: that waits for transactions that write events. Where plain names find the tables. */
export const announcing = (isOn: boolean) =>
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const [row] = yield* sql<{ isOn: boolean }>`
      SELECT tgenabled IN ('O', 'A') AS "isOn"
      FROM pg_trigger
      WHERE tgrelid = 'integration_event'::regclass AND tgname = ${trigger}`
    if (row?.isOn === isOn) return
    yield* sql.unsafe(`ALTER TABLE integration_event ${isOn ? "ENABLE" : "DISABLE"} TRIGGER ${trigger}`)
  })
