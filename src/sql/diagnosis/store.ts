/**
 * Looks at the database.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import { NotDiagnosable } from "../../errors/OperationErrors.ts"
import { StoreError } from "../../errors/StoreErrors.ts"
import { codesOf } from "../../errors/sqlState.ts"
import { DiagnosisStore, type Look } from "../../stores/DiagnosisStore.ts"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { untraced } from "../../telemetry/tracing.ts"
import { ControlConnection, isHeard } from "../connection/controlConnection.ts"
import { storeErrors } from "../connection/errors.ts"
import { TableClient } from "../connection/tableClient.ts"
import { makeBounded, outside } from "./bounded.ts"
import { consumers } from "./consumers.ts"
import { deviations } from "./deviations.ts"
import { unheard } from "./events.ts"
import { processes } from "./processes.ts"
import { server } from "./server.ts"
import { shared } from "./shared.ts"
import { tables } from "./tables.ts"
import { transactions } from "./transactions.ts"
import { type AppliedMigration, applied, versionOf } from "./version.ts"

const hasCode = (code: string) => (error: unknown) => codesOf(error).includes(code)

const isForbidden = hasCode("42501")

const isUndefinedTable = hasCode("42P01")

/** What the role may not see is no failure of the database. */
const forbidden = <A, E, R>(look: Effect.Effect<A, E, R>) =>
  Effect.catchIf(look, isForbidden, (error) =>
    Effect.fail(
      new NotDiagnosable({
        why: `The role of this process may not look: ${error instanceof StoreError ? error.reason : "permission denied"}. docs/grants.md says which rights it needs.`
      })
    )
  )

const single = new NotDiagnosable({ why: "PGlite has one session, which all share." })

export const layer: Layer.Layer<DiagnosisStore, never, ControlConnection | TableClient> = Layer.effect(
  DiagnosisStore,
  Effect.gen(function* () {
    const { on, sql } = yield* TableClient
    const control = yield* ControlConnection
    const { singleSession } = yield* SqlCapabilities
    const inBounds = yield* makeBounded(sql)
    const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>) => untraced(forbidden(inBounds(effect)))
    const look = <A>(effect: Effect.Effect<A, SqlError.SqlError>): Look<A> => bounded(storeErrors("diagnosis")(effect))
    const ask = on(control.query)
    const ofServer = <A>(effect: Look<A>): Look<A> => (singleSession ? Effect.fail(single) : effect)
    return DiagnosisStore.of({
      version: ask<AppliedMigration>(applied).pipe(
        Effect.catchIf(isUndefinedTable, () => Effect.succeed<ReadonlyArray<AppliedMigration>>([])),
        Effect.map(versionOf),
        storeErrors("diagnosis.version"),
        forbidden,
        untraced,
        shared
      ),
      server: look(server(sql)),
      session: ofServer(
        control.session.pipe(
          Effect.flatMap((session) =>
            Effect.map(session.hasState ? outside(sql)(isHeard(session, sql)) : Effect.succeed(false), (heard) => ({
              keepsState: session.hasState,
              isHeard: heard
            }))
          ),
          storeErrors("diagnosis.session"),
          untraced,
          shared
        )
      ),
      transactions: (olderThanMillis) => ofServer(look(transactions(sql, olderThanMillis))),
      tables: look(tables(sql)),
      deviations: look(deviations(sql)),
      consumers: look(consumers(sql)),
      unheard: (sample) => look(unheard(sql, sample)),
      processes: (silentMillis) => look(processes(sql, silentMillis)),
      bounded
    })
  })
)
