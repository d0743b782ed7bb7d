/** Order by aggregate, attacked by many workers in several processes whose handlers fail at random. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, Integration, Publisher, Subscriber } from "../../src/index.ts"
import { createMoves, Moved, moving } from "../processes/ordered.ts"
import { start } from "../support/children.ts"
import { inSchema } from "../support/databases.ts"
import { unpolled, until } from "../support/scenario.ts"

const keys = Array.from({ length: 16 }, (_, index) => `key-${index}`)

/** Events of all keys in turns, numbered per key. */
const moves = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) =>
    keys.map((key) => DomainEvent.publication(Moved, { key, n: from + n }))
  ).flat()

const open = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ open: number }>`SELECT count(*)::int AS open FROM inbox_event WHERE status <> 'processed'`,
    ([row]) => row?.open ?? -1
  )
)

/** Numbers of each key in the order they were written. */
const written = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ key: string; n: number; pid: number }>`SELECT key, n, pid FROM moves ORDER BY seq`, (rows) => ({
    processes: new Set(rows.map((row) => row.pid)).size,
    numbers: Map.groupBy(rows, (row) => row.key)
  }))
)

/** Every key has all its numbers, each once, in order. */
const assertOrder = Effect.fnUntraced(function* (perKey: number) {
  const { numbers, processes } = yield* written
  for (const key of keys) {
    assert.deepStrictEqual(
      numbers.get(key)?.map((row) => row.n),
      Array.from({ length: perKey }, (_, n) => n),
      `order of ${key}`
    )
  }
  return processes
})

const attack = (perKey: number, concurrency: ReadonlyArray<number>) =>
  inSchema(createMoves, (env) =>
    Effect.gen(function* () {
      yield* Effect.scoped(Layer.build(Subscriber.layer(moving(1))))
      const half = Math.floor(perKey / 2)
      yield* Publisher.publishAll(moves(0, half))
      const launch = (workers: number) => start("ordered", { ...env, TEST_CONCURRENCY: String(workers) })
      const [victim] = yield* Effect.forEach(concurrency, launch, { concurrency: "unbounded" })
      for (let n = half; n < perKey; n += 25) yield* Publisher.publishAll(moves(n, Math.min(n + 25, perKey)))
      yield* victim?.kill("SIGKILL") ?? Effect.void
      yield* launch(concurrency[0] ?? 1)
      yield* until(open, (count) => count === 0)
      assert.isAbove(yield* assertOrder(perKey), 1)
    })
  )

it.live("10,000 events of 16 aggregates stay in order with 8 workers in 3 processes, failures and a kill", () =>
  attack(625, [3, 3, 2])
)

it.live("nothing stays parked, although no poll looks for it: whoever is through unparks the next", () =>
  inSchema(
    createMoves,
    () =>
      Effect.gen(function* () {
        yield* Effect.scoped(Layer.build(Subscriber.layer(moving(1))))
        yield* Publisher.publishAll(moves(0, 100))
        yield* Layer.build(Subscriber.layer(moving(8)))
        yield* until(open, (count) => count === 0)
        yield* assertOrder(100)
      }),
    Integration.layer({ settings: { ...unpolled, startupDrainEnabled: false } })
  )
)
