/** A program as the guide has it: `Integration.run` on a layer with a handler that takes a moment. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { Integration, Subscriber } from "../../src/index.ts"
import { Counted } from "./program.ts"

const say = (name: string) => Effect.sync(() => console.log(JSON.stringify({ name })))

const slow = Subscriber.make({
  consumer: "launched",
  event: Counted,
  handler: () => say("begun").pipe(Effect.andThen(Effect.sleep("500 millis")), Effect.andThen(say("done")))
})

const { TEST_SCHEMA = "public", TEST_URL = "", TEST_WAIT = "0 millis" } = process.env

// A part of the program that gives up by itself, or that cannot be closed.
const part = {
  interrupted: Layer.effectDiscard(Effect.interrupt),
  unclosable: Layer.effectDiscard(Effect.addFinalizer(() => Effect.die(new Error("it does not close")))),
  none: Layer.empty
}[process.env.TEST_PART ?? "none"]

Integration.run(
  Layer.effectDiscard(say("started")).pipe(
    Layer.provideMerge(part ?? Layer.empty),
    Layer.provideMerge(Subscriber.layer(slow)),
    Layer.provideMerge(Integration.layer({ waitForDatabase: TEST_WAIT as `${number} millis` })),
    Layer.provideMerge(
      PgClient.layer({
        // As JavaScript lets it pass.
        url: process.env.TEST_PLAIN === "yes" ? (TEST_URL as never) : Redacted.make(TEST_URL),
        startupParameters: { search_path: TEST_SCHEMA }
      })
    )
  )
)
