/** Serves the consumers of TEST_CONSUMERS until it is killed. */
import { Effect, Layer } from "effect"
import { Subscriber } from "../../src/index.ts"
import { counting, integration, say } from "./program.ts"

const consumers = (process.env.TEST_CONSUMERS ?? "").split(",")

await Effect.runPromise(
  Effect.andThen(say("ready"), Effect.never).pipe(
    Effect.provide(Subscriber.layer(...consumers.map(counting)).pipe(Layer.provide(integration)))
  )
)
