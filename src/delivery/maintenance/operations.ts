/**
 * Drives operations on, whoever started them: nothing is asked of the store while there is none.
 *
 * @internal
 */
import { Effect, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { repeatAlone } from "../../stores/contention.ts"
import type { Taken } from "../../stores/OperationStore.ts"
import { operationsWakeUp } from "../../stores/operationsWakeUp.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"
import { step, type WatchCursors } from "./operationStep.ts"

/** How often a process that does not drive looks whether the one that does is still there, in milliseconds. */
const standbyMillis = 1000

/** When a step that failed is repeated, in milliseconds. */
const repeatMillis = 5000

/** What whoever looks at the operation is told: the database's own words may hold what is in its rows, and are for the log. */
const noted = ({ _tag, operation }: StoreError) => `${_tag}: ${operation}`

/** Does a step; one that fails is noted with its operation, which goes on later. Returns whether there was one. */
const tryStep = (engine: Engine, cursors: WatchCursors): Effect.Effect<boolean, StoreError> =>
  Effect.suspend(() => {
    let current: Taken | undefined
    const attempt = repeatAlone(engine.transactor.isOpen)(
      step(engine, cursors, (operation) => {
        current = operation
      })
    )
    return Effect.catch(withStatementTimeout(engine, "operations.step", attempt), (error) => {
      if (current === undefined) return Effect.fail(error)
      const { id } = current
      const note = engine.operations.postpone(id, noted(error), repeatMillis)
      return Effect.as(
        Effect.andThen(Effect.logWarning(`A step of operation ${id} failed, and will be repeated`, error), note),
        true
      )
    })
  })

/** Runs until nothing is due. Returns in how many milliseconds something is; undefined: nothing goes on. */
const drive = (engine: Engine, cursors: WatchCursors): Effect.Effect<number | undefined, StoreError> =>
  Effect.gen(function* () {
    let isDriver = false
    while (yield* tryStep(engine, cursors)) isDriver = true
    const inMillis = yield* withStatementTimeout(engine, "operations.dueIn", engine.operations.dueIn)
    if (inMillis === undefined) return undefined
    return Math.max(1, inMillis, isDriver ? 0 : standbyMillis)
  })

/** Drives operations on for as long as the scope lives. */
export const make = (engine: Engine): Effect.Effect<void, never, Scope.Scope> => {
  const cursors: WatchCursors = new Map()
  const woken = engine.notifier.wait(operationsWakeUp)
  const rest = (millis: number | undefined) =>
    millis === undefined ? woken : Effect.raceFirst(woken, Effect.sleep(millis))
  const loop = Effect.gen(function* () {
    let millis: number | undefined
    for (;;) {
      yield* rest(millis)
      millis = yield* engine.incident.survive(untraced(drive(engine, cursors)))
    }
  })
  return loop.pipe(Effect.annotateLogs({ fiber: "operations" }), Effect.forkScoped, Effect.asVoid)
}
