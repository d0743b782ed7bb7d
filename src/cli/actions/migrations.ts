/**
 * `migrate` and `sql`: the tables.
 *
 * @internal
 */
import { Effect } from "effect"
import * as Migrations from "../../integration/Migrations.ts"
import { reachable } from "../../integration/reachable.ts"
import { databaseOf } from "../connect.ts"
import type { Database } from "../database.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import { Call, tell } from "../session.ts"
import { suggested } from "../suggested.ts"

/** What `migrate` takes. */
export interface MigrateInput {
  readonly check: boolean
}

/** What `sql` takes. */
export interface SqlInput {
  /** Version of the tables that are there. */
  readonly from: number | undefined
}

/** Seconds: a database may be started together with what migrates it. */
const patience = 30

/** How the tables of a database stand to this code. */
export const migrationsOf = ({ schema, url, waitSeconds }: Database) =>
  Effect.suspend(() => Migrations.status(given({ schema }))).pipe(
    Effect.provide(reachable(url, `${waitSeconds} seconds`))
  )

/** Whether a start would migrate them, or refuse them. */
export const isBehind = ({ pending, problem }: Migrations.Status): boolean =>
  pending.length > 0 || problem !== undefined

/** That in words. */
const sentenceOf = ({ needed, pending, problem, version }: Migrations.Status, command: string): string =>
  problem ??
  `The tables are at version ${version}, this code needs ${needed}. ${
    pending.length === 0 ? "Nothing is pending." : `Pending: ${pending.join(", ")}. Run: ${command}`
  }`

/** Says how they stand, beside what was not looked at for it. */
export const tellStatus = Effect.fnUntraced(function* (status: Migrations.Status, data: unknown) {
  const command = yield* suggested("migrate")
  yield* tell(data, () => sentenceOf(status, command))
})

/** Runs what is pending, or only says what is. */
export const migrate = Effect.fnUntraced(function* ({ check }: MigrateInput) {
  const { schema, url, waitSeconds } = yield* databaseOf(yield* Call, "migrate", patience)
  if (check) {
    const status = yield* migrationsOf({ url, schema, waitSeconds })
    yield* tellStatus(status, status)
    return isBehind(status) ? exitCodes.found : exitCodes.done
  }
  const ran = yield* Effect.suspend(() => Migrations.run(given({ schema }))).pipe(
    Effect.provide(reachable(url, `${waitSeconds} seconds`))
  )
  yield* tell({ ran }, () => (ran.length === 0 ? "Nothing was pending." : `Ran ${ran.join(", ")}.`))
  return exitCodes.done
})

/** Writes what `migrate` would do as a script. */
export const sql = Effect.fnUntraced(function* ({ from }: SqlInput) {
  const { schema } = yield* Call
  const script = yield* Effect.try({ try: () => Migrations.sql(given({ from, schema })), catch: (error) => error })
  yield* tell({ sql: script }, () => script.trimEnd())
  return exitCodes.done
})
