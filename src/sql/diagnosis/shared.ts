/**
 * Questions on the connection that is this process's own: of leases, notifications, and the sign that it lives.
 *
 * @internal
 */
import { Deferred, Effect, type Exit } from "effect"

/**
 * A question that is asked once at a time, however many want to know, and that is never taken back: whoever gives up waits no longer, and the
 * connection is left in peace.
 */
export const shared = <A, E>(question: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  let underWay: Deferred.Deferred<A, E> | undefined
  const ask = Effect.gen(function* () {
    const answer = yield* Deferred.make<A, E>()
    underWay = answer
    yield* Effect.forkDetach(
      Effect.onExit(question, (exit: Exit.Exit<A, E>) => {
        underWay = undefined
        return Deferred.done(answer, exit)
      })
    )
    return answer
  })
  return Effect.suspend(() =>
    Effect.flatMap(underWay === undefined ? Effect.uninterruptible(ask) : Effect.succeed(underWay), Deferred.await)
  )
}
