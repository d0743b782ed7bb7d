/**
 * Batches of one worker that follow each other: the next is claimed while the one before is settled and committed.
 * Its handlers wait for that commit, so they see what the batch before has written, as if nothing had been claimed early.
 *
 * Not for ordered consumers, whose next batch would find every key held by the one before; nor for those with several
 * workers, whose transactions overlap as it is, or without batches; nor where a second session is not to be had, or others wait for one; nor
 * where the database's default isolation is stricter than READ COMMITTED: there a claim decides what its handlers see.
 *
 * @internal
 */
import { Deferred, Effect, Fiber, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { type Consumer, isLeased, onDeadLetterOf } from "../../model/Consumer.ts"
import { isIsolated } from "../consumerRules.ts"
import type { Engine } from "../engine.ts"
import type { RoundRequest, RoundResult } from "../transactions/round.ts"
import * as BatchSize from "./batchSize.ts"
import type { Crew } from "./crew.ts"
import { runRound } from "./runRound.ts"

type Done = Pick<RoundResult, "claimed" | "result" | "payloadSize">

/** A round under way. */
interface Running {
  readonly fiber: Fiber.Fiber<RoundResult, StoreError>
  /** Once its handlers are through, unless its batch came short or was cut; never completed by one that fails before. */
  readonly handled: Deferred.Deferred<Done | undefined>
  /** Whether its transaction was committed. */
  readonly ended: Deferred.Deferred<boolean>
}

const begin = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  request: RoundRequest,
  turn: Effect.Effect<boolean>
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function* () {
    const handled = yield* Deferred.make<Done | undefined>()
    const ended = yield* Deferred.make<boolean>()
    const pipelining = {
      turn,
      handled: (count: number, payloadSize: number) =>
        Effect.asVoid(
          Deferred.succeed(handled, count === limit ? { claimed: count, result: "full", payloadSize } : undefined)
        ),
      ended: (isCommitted: boolean) => Effect.asVoid(Deferred.succeed(ended, isCommitted))
    }
    const running = runRound(engine, consumer, limit, { ...request, pipelining }).pipe(
      Effect.ensuring(pipelining.ended(false))
    )
    return { fiber: yield* Effect.forkScoped(running, { startImmediately: true }), handled, ended }
  })

/** Whether a second transaction of a consumer's worker is worth its place. */
const hasRoom = (engine: Engine, consumer: Consumer) =>
  !engine.canPipeline ||
  isLeased(consumer) ||
  isIsolated(engine, consumer) ||
  onDeadLetterOf(consumer) !== undefined ||
  (consumer.options.concurrency ?? 1) > 1
    ? Effect.succeed(false)
    : Effect.map(engine.permits.available, (available) => 2 * available >= engine.permits.capacity)

/** What a number of rounds did together. */
interface Pipelined {
  readonly settled: number
  readonly last: RoundResult
  /** Of the next batch. */
  readonly size: BatchSize.BatchSize
}

/** Rounds after which the caller gets to look at the settings again, and to say that an incident is over. */
const longest = 50

/** Whether a round leaves something behind that others could begin with; where it contended, they would as well. */
const leavesWork = ({ claimed, result, settled }: RoundResult) =>
  (result === "cut" || result === "failed") && settled < claimed

/**
 * One round of one of the crew's workers, and as many after it as batches come full, up to `longest`. The others are called
 * when there is something for them.
 */
export const runPipelined = (
  engine: Engine,
  consumer: Consumer,
  crew: Crew,
  first: BatchSize.BatchSize,
  asked: Omit<RoundRequest, "onFull">
): Effect.Effect<Pipelined, StoreError> =>
  Effect.gen(function* () {
    const request = { ...asked, onFull: crew.call }
    let size = first
    let settled = 0
    let running = yield* begin(engine, consumer, crew.share(size), request, Effect.succeed(true))
    for (let rounds = 1; ; rounds++) {
      const full = yield* Effect.raceFirst(
        Deferred.await(running.handled),
        Effect.as(Fiber.await(running.fiber), undefined)
      )
      const isNext = rounds < longest && !request.isStopping() && (yield* hasRoom(engine, consumer))
      const next =
        full !== undefined && isNext
          ? yield* begin(
              engine,
              consumer,
              crew.share(BatchSize.after(size, full)),
              request,
              Deferred.await(running.ended)
            )
          : undefined
      const last = yield* Fiber.join(running.fiber)
      crew.learn(last)
      if (leavesWork(last)) yield* crew.call
      settled += last.settled
      size = BatchSize.after(size, last)
      if (next === undefined) return { settled, last, size }
      running = next
    }
  }).pipe(Effect.scoped, crew.busy)
