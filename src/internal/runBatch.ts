/**
 * The handlers of several deliveries in one transaction, one after the other, without savepoints.
 *
 * @internal
 */
import { Clock, Effect, Option } from "effect"
import type { Consumer } from "../Consumer.ts"
import type { Claimed } from "../InboxStore.ts"
import type { Subscriber } from "../Subscriber.ts"
import { deliver, deliverTogether, type Outcome } from "./deliver.ts"
import type { Engine } from "./engine.ts"
import { Abandoned, type Handlers, overdue } from "./handlers.ts"
import { type Progress, watch } from "./watch.ts"

/** A delivery that was handled. */
export type Handled = readonly [Claimed, Outcome]

export interface Batch {
  readonly consumer: Consumer
  readonly rows: ReadonlyArray<Claimed>
  /** Whether a worker is being stopped: no further call is begun. */
  readonly isStopping: () => boolean
  /** Deliveries that are left out, with all that follow them in order: they are repeated alone later. */
  readonly avoided: ReadonlySet<string>
  readonly timeoutMillis: number
}

/** Deliveries handed to a handler in one call. */
interface Call {
  readonly subscriber: Subscriber | undefined
  readonly rows: ReadonlyArray<Claimed>
}

/** Batch handlers get neighbours together, others one at a time. */
export const toCalls = (rows: ReadonlyArray<Claimed>, handlerOf: Handlers["of"]): ReadonlyArray<Call> => {
  const calls: Array<{ subscriber: Subscriber | undefined; rows: Array<Claimed> }> = []
  for (const row of rows) {
    const subscriber = handlerOf(row)
    const last = calls.at(-1)
    if (subscriber?.handler._tag === "Batch" && last?.subscriber === subscriber) last.rows.push(row)
    else calls.push({ subscriber, rows: [row] })
  }
  return calls
}

/** Which keys of an ordered consumer go no further in this transaction. */
const makeBlocks = ({ avoided, consumer }: Batch) => {
  const keys = new Set<bigint>()
  const block = ({ orderingKey }: Claimed) => {
    if (orderingKey !== null) keys.add(orderingKey)
  }
  return {
    block,
    /** After a dead letter of this batch. */
    gaveUp: (row: Claimed) => {
      if (consumer.options.onDeadLetter !== "continue") block(row)
    },
    isBlocked: (row: Claimed) => {
      if (avoided.has(row.deliveryId)) {
        block(row)
        return true
      }
      return row.orderingKey !== null && keys.has(row.orderingKey)
    }
  }
}

type Blocks = ReturnType<typeof makeBlocks>

const suspect = (failures: ReadonlyArray<Handled>) => {
  const [first] = failures
  return first?.[1]._tag === "Failed"
    ? new Abandoned({ suspects: failures.map(([row]) => row), cause: first[1].cause })
    : undefined
}

const runTogether = Effect.fnUntraced(function* (
  subscriber: Subscriber,
  rows: ReadonlyArray<Claimed>,
  handlers: Handlers,
  blocks: Blocks
): Effect.fn.Return<ReadonlyArray<Handled>, Abandoned> {
  const result = yield* deliverTogether(
    subscriber,
    rows,
    handlers.contextOf(subscriber),
    blocks.isBlocked,
    blocks.gaveUp
  )
  if (result._tag === "None") return yield* new Abandoned({ suspects: result.rows, cause: result.cause })
  const abandoned = suspect(result.outcomes.filter(([, outcome]) => outcome._tag === "Failed"))
  if (abandoned !== undefined) return yield* abandoned
  return result.outcomes
})

const runAlone = Effect.fnUntraced(function* (
  subscriber: Subscriber,
  row: Claimed,
  handlers: Handlers,
  blocks: Blocks
): Effect.fn.Return<ReadonlyArray<Handled>, Abandoned> {
  const outcome = yield* deliver(subscriber, row, handlers.contextOf(subscriber))
  if (outcome._tag === "Failed") return yield* new Abandoned({ suspects: [row], cause: outcome.cause })
  if (outcome._tag === "Undecodable") blocks.gaveUp(row)
  return [[row, outcome]]
})

/** Until one fails, time is up, or the worker is being stopped. Fails with `Abandoned`. */
export const runBatch = Effect.fnUntraced(function* (engine: Engine, batch: Batch, handlers: Handlers) {
  const clock = yield* Clock.Clock
  const openedAt = clock.currentTimeMillisUnsafe()
  const blocks = makeBlocks(batch)
  let current = batch.rows
  const work = Effect.fnUntraced(function* (progress: Progress) {
    const handled: Array<Handled> = []
    for (const { rows, subscriber } of toCalls(batch.rows, handlers.of)) {
      const now = clock.currentTimeMillisUnsafe()
      if (handled.length > 0 && (now - openedAt > engine.maxBatchMillis || batch.isStopping())) break
      current = rows
      progress.startedAt = now
      const [row] = rows as readonly [Claimed]
      if (subscriber === undefined) blocks.block(row)
      else if (rows.length > 1) handled.push(...(yield* runTogether(subscriber, rows, handlers, blocks)))
      else if (!blocks.isBlocked(row)) handled.push(...(yield* runAlone(subscriber, row, handlers, blocks)))
    }
    return handled
  })
  const handled = yield* watch(work, batch.timeoutMillis)
  return Option.isSome(handled) ? handled.value : yield* overdue(engine, batch.consumer, current, batch.timeoutMillis)
})
