/**
 * The transactor in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { SqlUnavailable } from "../errors/StoreErrors.ts"
import { unknownCount } from "../stores/statementCount.ts"
import { Transactor } from "../stores/Transactor.ts"
import { tracedHere } from "../telemetry/tracing.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

export const layer: Layer.Layer<Transactor, never, MemoryDatabase> = Layer.effect(
  Transactor,
  MemoryDatabase.useSync(({ internal }) =>
    Transactor.of({
      withTransaction: (effect) => internal.withTransaction(effect),
      isOpen: internal.isOpen,
      statements: Effect.sync(unknownCount),
      failedStatement: Effect.succeed(undefined),
      afterCommit: (effect) => Effect.flatMap(tracedHere(effect), (traced) => internal.afterCommit(traced)),
      // Circles are noticed at once, so waiting needs no limit; constraints are checked when they are written.
      limitIdle: () => Effect.void,
      limitStatements: () => Effect.void,
      abortableTransaction: (effect) => internal.withTransaction(effect),
      reconnect: Effect.void,
      checkConstraints: Effect.void,
      checkSavepoint: Effect.void,
      query: () => Effect.fail(new SqlUnavailable()),
      client: undefined,
      checkClient: Effect.void,
      within: () => Effect.fail(new SqlUnavailable())
    })
  )
)
