/**
 * A question that is asked once at a time, however many want to know, and that is never taken back.
 *
 * @internal
 */
import { Deferred, type Duration, Effect, Result } from "effect"
import { waitAtMost } from "../stores/graceTime.ts"

/** Waits for the answer that is under way, or asks; fails with words when it takes longer than the limit. */
export type Once<A> = (limit: Duration.Input) => Effect.Effect<Result.Result<A, string>>

const late = (limit: Duration.Input) => `It did not answer within ${String(limit)}.`

export const once = <A>(question: Effect.Effect<A>): Once<A> => {
  let underWay: Deferred.Deferred<A> | undefined
  const ask = Effect.gen(function* () {
    const answer = yield* Deferred.make<A>()
    underWay = answer
    yield* Effect.forkDetach(
      Effect.onExit(question, (exit) =>
        Effect.sync(() => {
          underWay = undefined
          Deferred.doneUnsafe(answer, exit)
        })
      )
    )
    return answer
  })
  return Effect.fnUntraced(function* (limit) {
    const answer = underWay ?? (yield* Effect.uninterruptible(ask))
    let found: Result.Result<A, string> = Result.fail(late(limit))
    const heard = Effect.map(Deferred.await(answer), (value) => {
      found = Result.succeed(value)
    })
    yield* waitAtMost(heard, limit)
    return found
  })
}
