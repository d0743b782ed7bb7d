/** Publishes in a transaction, and is killed by its own hand after the commit, before anybody is woken. */
import { Effect } from "effect"
import { Publisher, Transactor } from "../../src/index.ts"
import { Counted, integration } from "./program.ts"

await Effect.runPromise(
  Effect.gen(function* () {
    const transactor = yield* Transactor
    yield* transactor.withTransaction(
      Effect.gen(function* () {
        // Registered first, so it runs before the wake-up.
        yield* transactor.afterCommit(Effect.sync(() => process.kill(process.pid, "SIGKILL")))
        yield* Publisher.publish(Counted, { n: 1 })
      })
    )
  }).pipe(Effect.provide(integration))
)
