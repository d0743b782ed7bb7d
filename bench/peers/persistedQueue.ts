/** Effect's own `PersistedQueue`, with its SQL store. */
import { Effect, Layer, ManagedRuntime, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { clientFor, execute, settleDown } from "../harness/database.ts"
import { type Measured, type Run, throughput } from "../harness/model.ts"
import { counter, handledTable, type Payload, payloads } from "../harness/work.ts"

const schema = Schema.Struct({ id: Schema.String, text: Schema.String })

const queue = PersistedQueue.make({ name: "bench", schema })

export const runtimeFor = async (url: string) => {
  const runtime = ManagedRuntime.make(
    PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreSql()), Layer.provideMerge(clientFor(url)))
  )
  await runtime.runPromise(Effect.asVoid(queue))
  return runtime
}

/** Ten at a time. */
export const offerAll = (all: ReadonlyArray<Payload>) =>
  Effect.flatMap(queue, ({ offer }) =>
    Effect.forEach(all, (payload) => offer(payload), { concurrency: 10, discard: true })
  )

/** Takers beside each other: one, or as many as the pool has connections. */
const takers = { default: 1, tuned: 10 }

export const drain = async (run: Run, handler: "nothing" | "row", how: "default" | "tuned"): Promise<Measured> => {
  const runtime = await runtimeFor(run.url)
  await execute(runtime, handledTable)
  await runtime.runPromise(offerAll(payloads(run.size)))
  await settleDown(runtime)
  const { done, hit } = counter(run.size)
  const taker = Effect.flatMap(queue, ({ take }) =>
    Effect.forever(
      take((payload) =>
        Effect.andThen(
          handler === "nothing"
            ? Effect.void
            : SqlClient.SqlClient.use((sql) => sql`INSERT INTO handled (thing) VALUES (${payload.id})`),
          Effect.sync(hit)
        )
      )
    )
  )
  const took = await run.timed(async () => {
    runtime.runFork(Effect.replicateEffect(taker, takers[how], { concurrency: "unbounded", discard: true }))
    await done
  })
  return throughput(run.size, took)
}

export const serve = async (url: string, onHandled: () => void) => {
  const runtime = await runtimeFor(url)
  runtime.runFork(Effect.flatMap(queue, ({ take }) => Effect.forever(take(() => Effect.sync(onHandled)))))
  return runtime
}

/** For `otherProcess.ts`. */
export const consume = serve
