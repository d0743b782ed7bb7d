/**
 * Requests wait for their turn, and not too many of them.
 *
 * @internal
 */
import { Effect, Semaphore } from "effect"
import type { HttpServerResponse } from "effect/http"
import { Unavailable } from "../problems.ts"
import { refusal } from "./answers.ts"

const patience = "30 seconds"

const busy = refusal(
  new Unavailable({
    detail: "More requests wait than can be answered soon. Nothing was changed: ask again in a second."
  }),
  { "retry-after": "1" }
)

const tooSlow = refusal(
  new Unavailable({
    detail: `There was no answer within ${patience}. Whether something was changed is for the next look to tell.`
  })
)

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/** @param atOnce - requests that are worked on at once; eight times as many wait */
export const makeTurns = (atOnce: number) => {
  const semaphore = Semaphore.makeUnsafe(atOnce)
  let present = 0
  return <E, R>(answer: Answer<E, R>): Answer<E, R> =>
    Effect.suspend(() => {
      if (present >= atOnce * 9) return Effect.succeed(busy)
      present++
      return semaphore
        .withPermits(1)(answer)
        .pipe(
          Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(tooSlow) }),
          Effect.ensuring(Effect.sync(() => present--))
        )
    })
}
