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

const busyForOne = refusal(
  new Unavailable({
    detail: "More of your requests wait than one user may have. Nothing was changed: ask again in a second."
  }),
  { "retry-after": "1" }
)

const tooSlow = refusal(
  new Unavailable({
    detail: `There was no answer within ${patience}. Whether something was changed is for the next look to tell.`
  })
)

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/** What one user may have at most, so that there is some left for others: of the places, and of what is worked on. */
const shareOfOne = { present: 1 / 4, atOnce: 1 / 2 }

/** What somebody has. */
interface Present {
  count: number
  readonly turns: Semaphore.Semaphore
}

/** Those who are there, each with turns of their own. */
const makeUsers = (atOnce: number) => {
  const byUser = new Map<string, Present>()
  return {
    come: (user: string): Present => {
      const own = byUser.get(user) ?? {
        count: 0,
        turns: Semaphore.makeUnsafe(Math.max(1, Math.floor(atOnce * shareOfOne.atOnce)))
      }
      own.count++
      byUser.set(user, own)
      return own
    },
    go: (user: string, own: Present) => {
      own.count--
      if (own.count === 0) byUser.delete(user)
    },
    countOf: (user: string) => byUser.get(user)?.count ?? 0
  }
}

/**
 * @param atOnce - requests that are worked on at once; eight times as many wait. One user has half of the former, and a quarter of both
 * together, at most.
 * @returns what answers a request of a user; without one, as where nobody is told from others, it is one of all
 */
export const makeTurns = (atOnce: number) => {
  const turns = Semaphore.makeUnsafe(atOnce)
  const places = atOnce * 9
  const placesOfOne = Math.max(1, Math.floor(places * shareOfOne.present))
  const users = makeUsers(atOnce)
  let present = 0
  return <E, R>(user: string | undefined, answer: Answer<E, R>): Answer<E, R> =>
    Effect.suspend(() => {
      if (present >= places) return Effect.succeed(busy)
      if (user !== undefined && users.countOf(user) >= placesOfOne) return Effect.succeed(busyForOne)
      present++
      const own = user === undefined ? undefined : users.come(user)
      const inTurn = turns.withPermits(1)(answer)
      return (own === undefined ? inTurn : own.turns.withPermits(1)(inTurn)).pipe(
        Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(tooSlow) }),
        Effect.ensuring(
          Effect.sync(() => {
            present--
            if (user !== undefined && own !== undefined) users.go(user, own)
          })
        )
      )
    })
}
