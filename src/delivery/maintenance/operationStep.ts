/**
 * One step of an operation: some dead letters are requeued or discarded, and it is seen what became of those before. All in one
 * transaction, so that a process that ends in the middle of it has done nothing.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Changed } from "../../stores/DeadLetterStore.ts"
import type { OperationPage, OperationState, Taken, Watched } from "../../stores/OperationStore.ts"
import type { Engine } from "../engine.ts"
import { unparkChanged } from "../unparkChanged.ts"

/** Dead letters that one step takes. */
const batch = 500

/** Deliveries that one step looks at to see what became of them. */
const watchWindow = 1000

/** Dead letters that one step counts. */
const countWindow = 10_000

/** Steps per second of an operation with a pace that is high enough. */
const stepsPerSecond = 4

/** How long the process that holds an operation may be frozen before the server lets others have it, in milliseconds. */
const idleLimitMillis = 30_000

/** How often an operation that waits is looked at, in milliseconds: the longer nothing happens, the less. */
const waits = { least: 100, most: 30_000, share: 0.1 }

/** Where the look at what was requeued goes on, by operation. What another process saw is looked at again. */
export type WatchCursors = Map<string, string | undefined>

/** How many dead letters the next step takes. */
export const limitOf = ({ canary, done, isTaken, pace, state }: Taken): number => {
  if (isTaken) return 0
  if (state === "canary") return Math.max(0, canary - done)
  return pace === null ? batch : Math.min(batch, Math.max(1, Math.round(pace / stepsPerSecond)))
}

/** What a step did. */
export interface Did {
  readonly changed: number
  readonly page: OperationPage | undefined
  readonly watched: Pick<Watched, "settled" | "failedAgain" | "looked">
  /** Whether all that it waits for was looked at. */
  readonly isWatchedWhole: boolean
  /** How long it took, in milliseconds. */
  readonly tookMillis: number
}

const waitOf = (idleMillis: number) => Math.min(waits.most, Math.max(waits.least, idleMillis * waits.share))

/** Where an operation is after a step. */
export const after = (
  operation: Taken,
  did: Did
): {
  readonly state: OperationState
  readonly isTaken: boolean
  readonly isFinished: boolean
  readonly delayMillis: number
} => {
  const { changed, isWatchedWhole, page, tookMillis, watched } = did
  const failedAgain = operation.failedAgain + watched.failedAgain
  const isOver = operation.isTaken || page?.isLast === true
  const open = operation.open + changed - watched.settled - watched.failedAgain
  // None is left even where numbers differ, as when rows were removed by hand.
  const isSettled =
    operation.kind === "discard" || open <= 0 || (isWatchedWhole && watched.looked === 0 && changed === 0)
  const hasCome = watched.settled + watched.failedAgain > 0
  const mayHaveMore = hasCome && watched.looked >= watchWindow
  const waiting = mayHaveMore ? 0 : hasCome ? waits.least : waitOf(operation.idleMillis)
  if (operation.state === "canary" && failedAgain > 0) {
    return { state: "canary-failed", isTaken: true, isFinished: isSettled, delayMillis: waiting }
  }
  if (isOver) {
    const state = operation.state === "canary" || operation.state === "running" ? "finished" : operation.state
    return { state: isSettled ? state : operation.state, isTaken: true, isFinished: isSettled, delayMillis: waiting }
  }
  const isCanaryDone = operation.done + changed >= operation.canary
  if (operation.state === "canary") {
    if (isCanaryDone && isSettled) return { state: "running", isTaken: false, isFinished: false, delayMillis: 0 }
    return { state: "canary", isTaken: false, isFinished: false, delayMillis: isCanaryDone ? waiting : 0 }
  }
  const { pace } = operation
  const delayMillis = pace === null ? 0 : Math.max(0, (changed / pace) * 1000 - tookMillis)
  return { state: "running", isTaken: false, isFinished: false, delayMillis }
}

/** Looks at some of what was requeued before. */
const watch = Effect.fnUntraced(function* (engine: Engine, operation: Taken, cursors: WatchCursors) {
  const { id, kind, open, state } = operation
  if (kind === "discard" || open <= 0) {
    return { watched: { settled: 0, failedAgain: 0, looked: 0 }, isWatchedWhole: open <= 0 }
  }
  const from = cursors.get(id)
  const watched = yield* engine.operations.watch(id, from, watchWindow, state === "canary")
  if (watched.next === undefined) cursors.delete(id)
  else cursors.set(id, watched.next)
  return { watched, isWatchedWhole: from === undefined && watched.next === undefined }
})

const change = Effect.fnUntraced(function* (engine: Engine, { kind, reason }: Taken, ids: ReadonlyArray<string>) {
  if (ids.length === 0) return []
  if (kind === "requeue") return yield* engine.deadLetters.requeue(ids, undefined)
  const discarded = yield* engine.deadLetters.discard(ids, reason ?? undefined)
  yield* unparkChanged(engine, discarded)
  return discarded
})

/** Its total by now: counted ahead of what is taken, as far as one step counts. */
const total = Effect.fnUntraced(function* (engine: Engine, operation: Taken) {
  const { counted, countCursor, isTaken, isTotalExact } = operation
  const known = { total: operation.total, isTotalExact, counted, countCursor }
  if (isTotalExact || isTaken) return known
  const more = yield* engine.operations.count(operation, countWindow)
  const all = counted + more.counted
  const isExact = more.counted < countWindow
  return {
    total: isExact ? all : Math.max(all, operation.total),
    isTotalExact: isExact,
    counted: all,
    countCursor: more.cursor
  }
})

/**
 * Does the next step of an operation that is due and that nobody else holds. Returns whether there was one.
 *
 * @param begun - is told which, as the step may fail
 */
export const step = (
  engine: Engine,
  cursors: WatchCursors,
  begun: (operation: Taken) => void
): Effect.Effect<boolean, StoreError> =>
  engine.transactor.withTransaction(
    Effect.gen(function* () {
      const began = yield* engine.now
      const operation = yield* engine.operations.take
      if (operation === undefined) return false
      begun(operation)
      yield* engine.transactor.limitIdle(idleLimitMillis)
      const { isWatchedWhole, watched } = yield* watch(engine, operation, cursors)
      const isFailing = operation.state === "canary" && watched.failedAgain > 0
      const limit = isFailing ? 0 : limitOf(operation)
      const counts = yield* total(engine, operation)
      const page = limit === 0 ? undefined : yield* engine.operations.next(operation, limit)
      const changed: ReadonlyArray<Changed> = yield* change(engine, operation, page?.deliveryIds ?? [])
      const tookMillis = (yield* engine.now) - began
      const next = after(operation, { changed: changed.length, page, watched, isWatchedWhole, tookMillis })
      if (next.isFinished) cursors.delete(operation.id)
      const isDiscard = operation.kind === "discard"
      yield* engine.operations.save(operation.id, {
        ...counts,
        ...next,
        cursor: page?.cursor ?? operation.cursor,
        done: changed.length,
        settled: watched.settled + (isDiscard ? changed.length : 0),
        failedAgain: watched.failedAgain,
        requeued: isDiscard ? [] : changed
      })
      if (changed.length > 0) {
        const consumers = new Set(changed.map(({ consumer }) => consumer))
        yield* engine.transactor.afterCommit(engine.notifier.announce(consumers))
      }
      return true
    })
  )
