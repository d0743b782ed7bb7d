/**
 * `operations`: work on many dead letters, which goes on by itself.
 *
 * @internal
 */
import { Clock, Effect, Schedule } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { Operation, OperationState } from "../../admin/model/operations.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import { clean, safeJson } from "../output/clean.ts"
import { progressLine } from "../output/progress.ts"
import { operationState } from "../output/states.ts"
import { marked, type Surface } from "../output/style.ts"
import { type Cell, fields, table } from "../output/table.ts"
import { count, when, whenInFull } from "../output/words.ts"
import { Call, note, Session, tell } from "../session.ts"
import { suggested } from "../suggested.ts"
import { goOn } from "./lists.ts"

/** What `operations list` takes. */
export interface ListInput {
  readonly state: OperationState | undefined
  readonly limit: number | undefined
  readonly after: string | undefined
}

const stateCell = (surface: Surface, operation: Operation): Cell => {
  const { state, word } = operationState(operation.state)
  return [marked({ ...surface, hasColors: false }, state, word), state]
}

const totalOf = ({ isTotalExact, total }: Operation) => `${count(total)}${isTotalExact ? "" : "+"}`

const operationTable = (surface: Surface, operations: ReadonlyArray<Operation>, now: Date) =>
  operations.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "began" },
          { title: "kind" },
          { title: "state" },
          { title: "done", isRight: true },
          { title: "of", isRight: true },
          { title: "failed again", isRight: true },
          { title: "by", isFlexible: true, isOptional: true },
          { title: "id" }
        ],
        operations.map((operation) => [
          when(surface, operation.createdAt, now),
          operation.kind,
          stateCell(surface, operation),
          count(operation.done),
          totalOf(operation),
          [count(operation.failedAgain), operation.failedAgain > 0 ? "gaveUp" : "plain"],
          operation.by,
          operation.id
        ])
      )

/** Operations, the last first. */
export const list = (input: ListInput) =>
  asking(
    Effect.gen(function* () {
      const page = yield* (yield* Admin).operations.list(given({ ...input }))
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(page, (surface) => operationTable(surface, page.items, now))
      yield* goOn(page, "operations")
      return exitCodes.done
    })
  )

const operationText = (surface: Surface, operation: Operation, now: Date) => {
  const pace = operation.pace === null ? "as fast as it goes" : `${count(operation.pace)} a second`
  const filter = Object.keys(operation.filter).length === 0 ? "all dead letters" : safeJson(operation.filter, 0)
  return fields(surface, [
    ["operation", operation.id],
    ["kind", operation.kind],
    ["state", stateCell(surface, operation)],
    ["of", filter],
    ["cut-off", `what had given up by ${operation.cutOff.toISOString()}`],
    ["canary", operation.canary === 0 ? "none" : count(operation.canary)],
    ["pace", pace],
    ["reason", operation.reason ?? undefined],
    ["by", `${operation.by} (${operation.role})`],
    ["done", `${count(operation.done)} of ${totalOf(operation)}`],
    ["settled", operation.kind === "requeue" ? count(operation.settled) : undefined],
    ["failed again", operation.kind === "requeue" ? count(operation.failedAgain) : undefined],
    ["still open", operation.kind === "requeue" ? count(operation.open) : undefined],
    ["began", whenInFull(surface, operation.createdAt, now)],
    ["ended", whenInFull(surface, operation.finishedAt, now)],
    ["stopped by", operation.stoppedBy ?? undefined],
    ["last error", operation.lastError === null ? undefined : [operation.lastError, "gaveUp"]]
  ])
}

/** One operation. */
export const show = ({ id }: { readonly id: string }) =>
  asking(
    Effect.gen(function* () {
      const operation = yield* (yield* Admin).operations.get(id)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(operation, (surface) => operationText(surface, operation, now))
      return exitCodes.done
    })
  )

/** Between two looks. */
const every = "500 millis"

/** Looks without a change after which it is asked whether anybody works on it. */
const patience = 40

/** How a look at it ends: something failed again is found, what did not come to its end is not done. */
const outcome = ({ failedAgain, state }: Operation) => {
  if (state === "stopped" || state === "canary-failed") return exitCodes.notDone
  return failedAgain > 0 ? exitCodes.found : exitCodes.done
}

/** Looks again, also when the other side is away for a moment: the operation does not care. */
const lookAt = Effect.fnUntraced(function* (id: string) {
  const { operations } = yield* Admin
  return yield* Effect.retry(operations.get(id), {
    while: ({ _tag }) => _tag === "Unavailable",
    schedule: Schedule.spaced("1 second"),
    times: 10
  })
})

/** Shows how an operation goes, to its end. It goes on if nobody looks. */
export const followed = Effect.fnUntraced(function* (begun: Operation) {
  const [{ surface, write }, { json }] = [yield* Session, yield* Call]
  const isRedrawn = surface().isTerminal && !json
  let operation = begun
  let shown = ""
  let looks = 0
  yield* note(
    `Operation ${operation.id}. It goes on if you leave: see ${yield* suggested("operations", "watch", operation.id)}`
  )
  for (;;) {
    const line = json ? safeJson(operation, 0) : progressLine(surface(), operation)
    if (line !== shown) write(isRedrawn ? `\r${line}\u001b[K` : `${line}\n`)
    looks = line === shown ? looks + 1 : 0
    shown = line
    if (operation.finishedAt !== null) break
    if (looks === patience) {
      const lineEnd = isRedrawn ? "\n" : ""
      yield* note(
        `${lineEnd}Nothing has happened for a while. Is a process of the application running that carries it out?`
      )
    }
    yield* Effect.sleep(every)
    operation = yield* lookAt(operation.id)
  }
  if (isRedrawn) write("\n")
  if (operation.state === "canary-failed") {
    yield* note(
      `The first ones failed again, and the rest was left as it was. See ${yield* suggested("errors", "list", "--open")}`
    )
  }
  if (operation.lastError !== null) yield* note(clean(operation.lastError))
  return outcome(operation)
})

/** Looks at an operation until it ends. */
export const watch = ({ id }: { readonly id: string }) =>
  asking(
    Effect.flatMap(
      Effect.flatMap(Admin, ({ operations }) => operations.get(id)),
      followed
    )
  )

/** Ends an operation before its time. What it did stays done. */
export const stop = ({ id, reason }: { readonly id: string; readonly reason: string | undefined }) =>
  asking(
    Effect.gen(function* () {
      const operation = yield* (yield* Admin).operations.stop(id, given({ reason }))
      const words = operation.state === "stopped" ? "Stopped" : `It had come to its end before (${operation.state})`
      yield* tell(operation, () => `${words}: ${count(operation.done)} of ${totalOf(operation)} done.`)
      return exitCodes.done
    })
  )
