/** Operations' own service: tasks. It joins whatever transaction it is called in. */
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { type Errors, MemoryDatabase } from "../../src/index.ts"

type StorageError = SqlError.SqlError | Errors.StoreError

export class Tasks extends Context.Service<
  Tasks,
  {
    readonly create: (title: string) => Effect.Effect<string, StorageError>
    readonly cancel: (id: string) => Effect.Effect<void, StorageError>
    /** How many tasks have each status. */
    readonly counts: Effect.Effect<{ readonly open: number; readonly cancelled: number }, StorageError>
  }
>()("examples/operations/Tasks") {
  static readonly layerSql = Layer.effect(
    Tasks,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        CREATE TABLE IF NOT EXISTS task (
          id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, status text NOT NULL DEFAULT 'open'
        )`
      return Tasks.of({
        create: Effect.fn("Tasks.create")(function* (title) {
          const [row] = yield* sql<{ id: string }>`INSERT INTO task (title) VALUES (${title}) RETURNING id::text AS id`
          return row?.id ?? ""
        }),
        cancel: (id) => Effect.asVoid(sql`UPDATE task SET status = 'cancelled' WHERE id = ${id}::int`),
        counts: Effect.map(
          sql<{ open: number; cancelled: number }>`
            SELECT count(*) FILTER (WHERE status = 'open')::int AS open,
              count(*) FILTER (WHERE status = 'cancelled')::int AS cancelled
            FROM task`,
          ([row]) => row ?? { open: 0, cancelled: 0 }
        )
      })
    })
  )
  /** What a test of operations runs on. `MemoryDatabase.ref` rolls back with the handler that wrote it. */
  static readonly layerMemory = Layer.effect(
    Tasks,
    Effect.gen(function* () {
      const tasks = yield* MemoryDatabase.ref<ReadonlyArray<"open" | "cancelled">>([])
      const count = (status: string) => (all: ReadonlyArray<string>) => all.filter((_) => _ === status).length
      return Tasks.of({
        create: () => tasks.modify((all) => [String(all.length + 1), [...all, "open"]]),
        cancel: (id) => tasks.update((all) => all.with(Number(id) - 1, "cancelled")),
        counts: Effect.map(tasks.get, (all) => ({ open: count("open")(all), cancelled: count("cancelled")(all) }))
      })
    })
  )
}
