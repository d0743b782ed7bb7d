/**
 * Removing what was written down for people long ago: the audit, and results of operations.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"

/** Rows that one statement removes. */
const window = 500

/** Others get their turn between two windows. */
const breath = "20 millis"

/** Days for which the result of an operation is kept. */
const operationDays = 30

/** How often is looked, in milliseconds: rarely, as it is one more statement of a process that is idle. */
const intervalMillis = 6 * 3_600_000

const untilLess = (engine: Engine, name: string, forget: Effect.Effect<number, StoreError>) =>
  Effect.gen(function* () {
    while ((yield* withStatementTimeout(engine, name, untraced(forget))) >= window) yield* Effect.sleep(breath)
  })

/** Makes what removes it, if the last time was long enough ago. */
export const makeForgetRecords = (engine: Engine): Effect.Effect<void, StoreError> => {
  let next = Number.NEGATIVE_INFINITY
  return Effect.gen(function* () {
    const now = yield* engine.now
    if (now < next) return
    const { auditRetentionHours } = yield* engine.settings.current
    yield* untilLess(engine, "operations.forget", engine.operations.forget(operationDays, window))
    if (auditRetentionHours > 0) {
      yield* untilLess(engine, "audit.forget", engine.audit.forget(auditRetentionHours, window))
    }
    next = now + intervalMillis
  })
}
