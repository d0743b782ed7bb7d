/**
 * The handlers of several deliveries in one transaction, one after the other, without savepoints.
 *
 * @internal
 */
import { type Cause, Clock, Effect, Option } from "effect"
import type { Subscriber } from "../../model/SubscriberValue.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import type { Liveness } from "../../stores/unresponsive.ts"
import type { Engine } from "../engine.ts"
import { countBegun, countEnded, runCounters } from "../handlers/countRun.ts"
import { snoozeOf } from "../handlers/directiveOf.ts"
import { Abandoned, type Handlers, PutBack, timedOut } from "../handlers/handlers.ts"
import { type RunningHandler, withHandlerTimeout } from "../handlers/handlerTimeout.ts"
import type { Outcome, Snoozed } from "../handlers/outcome.ts"
import { batchEndedAs, endedAs } from "../handlers/processSpan.ts"
import { runBatchHandler, runHandler } from "../handlers/runHandler.ts"
import type { Round } from "./round.ts"

/** A delivery that was handled. */
export type Handled = readonly [Claimed, Outcome]

export interface Batch {
  readonly round: Round
  readonly rows: ReadonlyArray<Claimed>
  /** Deliveries that are left out, with all that follow them in order: they are repeated alone later. */
  readonly avoided?: ReadonlySet<string> | undefined
  /** Told of every handler that begins. */
  readonly liveness: Liveness
}

/** How many of the rows from `start` on are handed to a handler in one call: neighbours, for a batch handler. */
const callSize = (rows: ReadonlyArray<Claimed>, start: number, handlerOf: Handlers["of"]): number => {
  const subscriber = handlerOf(rows[start] as Claimed)
  if (subscriber?.handler._tag !== "Batch") return 1
  let end = start + 1
  while (end < rows.length && handlerOf(rows[end] as Claimed) === subscriber) end++
  return end - start
}

/** Which keys of an ordered consumer go no further in this transaction. */
const makeBlocks = ({ avoided, round: { consumer } }: Batch) => {
  const keys = new Set<bigint>()
  const block = ({ orderingKey }: Claimed) => {
    if (orderingKey !== undefined) keys.add(orderingKey)
  }
  return {
    block,
    /** After a dead letter of this batch. */
    gaveUp: (row: Claimed) => {
      if (consumer.options.onDeadLetter !== "continue") block(row)
    },
    isBlocked: (row: Claimed) => {
      if (avoided?.has(row.deliveryId) === true) {
        block(row)
        return true
      }
      return row.orderingKey !== undefined && keys.has(row.orderingKey)
    }
  }
}

type Blocks = ReturnType<typeof makeBlocks>

/** What calls of handlers in one transaction share. */
interface Tools {
  readonly blocks: Blocks
  /** Counts the statements of the transaction. */
  readonly statements: () => number
  /** Told how each run of a handler ended. */
  readonly ran: (rows: ReadonlyArray<Claimed>, cause: Cause.Cause<unknown> | undefined) => void
}

const abandonedBy = (failures: ReadonlyArray<Handled>) => {
  const [first] = failures
  return first?.[1]._tag === "Failed"
    ? new Abandoned({ candidates: failures.map(([row]) => row), cause: first[1].cause })
    : undefined
}

const cools = (handled: Handled | undefined) => handled?.[1]._tag === "Snoozed" && handled[1].cools

type SnoozedRow = readonly [Claimed, Snoozed]

/** Whether a delivery that was handled comes after one of its key that is given back. */
const breaksOrder = (rows: ReadonlyArray<Claimed>, outcomes: ReadonlyArray<Handled>) => {
  const outcomeOf = new Map(outcomes)
  const waiting = new Set<bigint>()
  return rows.some((row) => {
    const outcome = outcomeOf.get(row)
    if (row.orderingKey === undefined || outcome === undefined) return false
    if (outcome._tag === "Snoozed") waiting.add(row.orderingKey)
    return outcome._tag !== "Snoozed" && waiting.has(row.orderingKey)
  })
}

/** What is given back by itself, without any other: where nothing was written, or by statements of their own. */
const putBack = Effect.fnUntraced(function* (snoozed: ReadonlyArray<SnoozedRow>, stays: boolean, blocks: Blocks) {
  if (!stays) return yield* new PutBack({ snoozed })
  for (const [row] of snoozed) blocks.block(row)
  return snoozed
})

const runTogether = Effect.fnUntraced(function* (
  subscriber: Subscriber,
  rows: ReadonlyArray<Claimed>,
  handlers: Handlers,
  { blocks, ran, statements }: Tools
): Effect.fn.Return<ReadonlyArray<Handled>, Abandoned | PutBack> {
  const before = statements()
  const result = yield* runBatchHandler(
    subscriber,
    rows,
    handlers.contextOf(subscriber),
    blocks.isBlocked,
    blocks.gaveUp
  )
  ran(rows, batchEndedAs(result).cause)
  if (result._tag === "None") {
    const snoozed = snoozeOf(result.cause)
    if (snoozed === undefined) return yield* new Abandoned({ candidates: result.rows, cause: result.cause })
    return yield* putBack(
      result.rows.map((row) => [row, snoozed] as const),
      statements() === before,
      blocks
    )
  }
  const abandoned = abandonedBy(result.outcomes.filter(([, outcome]) => outcome._tag === "Failed"))
  if (abandoned !== undefined) return yield* abandoned
  const snoozed = result.outcomes.flatMap(
    ([row, outcome]): ReadonlyArray<SnoozedRow> => (outcome._tag === "Snoozed" ? [[row, outcome]] : [])
  )
  // What the handler says of each stays, with all that it has written.
  if (snoozed.length > 0) yield* putBack(snoozed, !breaksOrder(rows, result.outcomes), blocks)
  return result.outcomes
})

/** Until one fails, time is up, or the worker is being stopped. Fails with `Abandoned` and `PutBack`. */
export const runBatch = Effect.fnUntraced(function* (engine: Engine, batch: Batch, handlers: Handlers) {
  const clock = yield* Clock.Clock
  const openedAt = steadyMillisUnsafe(clock)
  const blocks = makeBlocks(batch)
  const counters = runCounters(engine, batch.round.consumer)
  let now = openedAt
  const tools: Tools = {
    blocks,
    statements: yield* engine.transactor.statements,
    ran: (rows, cause) => {
      const begun = now
      now = steadyMillisUnsafe(clock)
      countEnded(counters, rows, cause, now - begun)
    }
  }
  const { rows } = batch
  let first = 0
  let size = 1
  const current = () => rows.slice(first, first + size)
  const work = Effect.fnUntraced(function* (progress: RunningHandler) {
    const handled: Array<Handled> = []
    now = steadyMillisUnsafe(clock)
    for (let start = 0; start < rows.length; start += size) {
      if (handled.length > 0 && (now - openedAt > engine.maxBatchTimeMillis || batch.round.isStopping())) break
      // Nothing more of the consumer is to be tried for a while.
      if (cools(handled.at(-1))) break
      const row = rows[start] as Claimed
      const subscriber = handlers.of(row)
      progress.startedAt = now
      batch.liveness.last = now
      size = callSize(rows, start, handlers.of)
      first = start
      if (subscriber === undefined) blocks.block(row)
      else if (size > 1) {
        countBegun(counters, current(), now - openedAt)
        handled.push(...(yield* runTogether(subscriber, current(), handlers, tools)))
      } else if (!blocks.isBlocked(row)) {
        const before = tools.statements()
        const alone = [row]
        countBegun(counters, alone, now - openedAt)
        const outcome = yield* runHandler(subscriber, row, handlers.contextOf(subscriber))
        tools.ran(alone, outcome._tag === "Processed" ? undefined : endedAs(outcome).cause)
        if (outcome._tag === "Failed") return yield* new Abandoned({ candidates: [row], cause: outcome.cause })
        if (outcome._tag === "Unreadable") blocks.gaveUp(row)
        if (outcome._tag === "Snoozed") yield* putBack([[row, outcome]], tools.statements() === before, blocks)
        handled.push([row, outcome])
      }
    }
    return handled
  })
  const { consumer, rules } = batch.round
  const handled = yield* withHandlerTimeout(work, rules.timeoutMillis)
  return Option.isSome(handled) ? handled.value : yield* timedOut(engine, consumer, current(), rules.timeoutMillis)
})
