/**
 * Waiting for the commits of transactions that somebody else ends: the server is asked what has become of them, of all in one question.
 *
 * A transaction could tell by NOTIFY, and tells at once; but those that do commit one after the other, in the whole database, so
 * that no more of them end in a second than the server's disk takes commits one by one.
 *
 * @internal
 */
import { Effect, Option, Queue, type Scope } from "effect"
import { isRefused } from "../../errors/sqlState.ts"
import { untraced } from "../../telemetry/tracing.ts"
import type { Query } from "./controlConnection.ts"

export interface CommitWatch {
  /** Wakes consumers soon after a transaction has been committed; not when it is rolled back. */
  readonly watch: (transactionId: string, consumers: Iterable<string>) => Effect.Effect<void>
}

interface Watched {
  readonly since: number
  readonly consumers: Set<string>
}

/**
 * Milliseconds between two questions: at least so many, at most so many, and a part of what the youngest transaction has taken so far; and
 * so many times as long as the last question took, as where processors are busy it is they that it waits for, and takes time of.
 */
const pause = { least: 10, most: 1000, part: 8, times: 4 }

/** Transactions that are watched at once; what is told of more is found by a poll. */
const most = 10_000

const ask = `
  SELECT t.id AS "id", pg_xact_status(t.id::xid8) AS "status"
  FROM unnest($1::text[]) AS t (id)`

/** What became of a transaction. */
interface Found {
  readonly id: string
  readonly status: "in progress" | "committed" | "aborted" | null
}

/**
 * @param query - runs a statement outside of any transaction
 * @param wake - wakes consumers
 */
export const makeCommitWatch = (
  query: Query,
  wake: (consumers: ReadonlySet<string>) => Effect.Effect<void>
): Effect.Effect<CommitWatch, never, Scope.Scope> =>
  Effect.gen(function* () {
    const watched = new Map<string, Watched>()
    const begun = yield* Queue.sliding<void>(1)
    let leastMillis = pause.least
    /** Wakes the consumers of those that are over, all together. */
    const settle = (rows: ReadonlyArray<Found>) => {
      const consumers = new Set<string>()
      for (const { id, status } of rows) {
        if (status === "in progress") continue
        // So old that the server does not know any more: they are woken in vain, or not.
        if (status !== "aborted") for (const consumer of watched.get(id)?.consumers ?? []) consumers.add(consumer)
        watched.delete(id)
      }
      return consumers.size === 0 ? Effect.void : wake(consumers)
    }
    const look = Effect.gen(function* () {
      const asked = performance.now()
      const rows = yield* query<Found>(ask, [[...watched.keys()]])
      leastMillis = Math.min(pause.most, Math.max(pause.least, pause.times * (performance.now() - asked)))
      yield* settle(rows)
    }).pipe(
      // Refused as by a server that has not begun them, after a failover; while there is none, it is asked again.
      Effect.catchCause((cause) =>
        isRefused(cause) ? settle([...watched.keys()].map((id) => ({ id, status: null }))) : Effect.sleep(pause.most)
      )
    )
    const pauseMillis = () => {
      const youngest = Math.max(...[...watched.values()].map(({ since }) => since))
      return Math.min(pause.most, Math.max(leastMillis, (performance.now() - youngest) / pause.part))
    }
    const shortly = Effect.suspend(() => Effect.sleep(leastMillis))
    const another = Effect.suspend(() => Effect.timeoutOption(Queue.take(begun), pauseMillis()))
    /** Until it is time, or one more transaction is watched: that may be a short one. */
    const rest = Effect.flatMap(Queue.poll(begun), (before) =>
      Option.isSome(before)
        ? shortly
        : Effect.flatMap(another, (since) => (Option.isSome(since) ? shortly : Effect.void))
    )
    const round = Effect.andThen(rest, look)
    yield* Queue.take(begun).pipe(
      Effect.andThen(Effect.whileLoop({ while: () => watched.size > 0, body: () => round, step: () => undefined })),
      Effect.forever,
      untraced,
      Effect.annotateLogs({ fiber: "commits" }),
      Effect.forkScoped
    )
    return {
      watch: (transactionId, consumers) =>
        Effect.sync(() => {
          const found = watched.get(transactionId)
          if (found !== undefined) for (const consumer of consumers) found.consumers.add(consumer)
          else if (watched.size < most)
            watched.set(transactionId, { since: performance.now(), consumers: new Set(consumers) })
          Queue.offerUnsafe(begun, undefined)
        })
    }
  })
