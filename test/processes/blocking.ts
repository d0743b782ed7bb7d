/**
 * Serves a leased consumer of `children.counted`, whose handler holds its event loop for TEST_BLOCKS milliseconds, or, with 0,
 * never ends and holds nothing.
 */
import { Effect, Layer } from "effect"
import { Consumer, Integration, Subscriber } from "../../src/index.ts"
import type { Values } from "../../src/settings/Settings.ts"
import { Counted, database, say } from "./program.ts"

export const settings: Partial<Values> = {
  pollingIntervalMs: 200,
  idlePollingIntervalMs: 200,
  processingLeaseMs: 1000,
  retryBaseDelayMs: 100
}

/** @param timeout - of a handler, in milliseconds */
export const blocked = (timeout: number) => Consumer.make("blocked", { mode: "leased", timeout })

/** Holds the event loop of this process. */
export const held = (millis: number) =>
  Effect.sync(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
  })

if (process.env.TEST_BLOCKS !== undefined) {
  const millis = Number(process.env.TEST_BLOCKS)
  const work = Subscriber.make({
    consumer: blocked(Number(process.env.TEST_TIMEOUT)),
    event: Counted,
    handler: Effect.fnUntraced(function* () {
      yield* say("begun")
      yield* millis === 0 ? Effect.never : held(millis)
    })
  })
  await Effect.runPromise(
    Effect.andThen(say("ready"), Effect.never).pipe(
      Effect.provide(
        Subscriber.layer(work).pipe(Layer.provide(Integration.layer({ settings }).pipe(Layer.provideMerge(database))))
      )
    )
  )
}
