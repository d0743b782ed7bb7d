/**
 * What a leased handler publishes and links: collected while it runs, and written with the mark of its delivery. Every
 * link store and the publisher ask whether to defer.
 *
 * @since 0.1.0
 */
import { Context, Effect } from "effect"
import type { Transactor } from "./Transactor.ts"

/** Writes of one attempt, in the order they were asked for. */
export type DeferredWrites = Array<Effect.Effect<unknown, unknown>>

/** The attempt that is running on this fiber, if it is a leased one. */
export const CurrentWrites: Context.Reference<DeferredWrites | undefined> = Context.Reference<
  DeferredWrites | undefined
>("effect-integration/CurrentWrites", { defaultValue: () => undefined })

/**
 * Runs `write` now; in a leased handler, outside of any transaction of its own, it is put off until the attempt has
 * succeeded, and `provisional` stands for its result.
 *
 * @param isOpen - that of the store's `Transactor`
 *
 * @since 0.1.0
 */
export const deferWrite =
  (isOpen: Transactor["Service"]["isOpen"]) =>
  <A, E, B>(write: Effect.Effect<A, E>, provisional: () => B): Effect.Effect<A | B, E> =>
    Effect.flatMap(CurrentWrites, (writes): Effect.Effect<A | B, E> => {
      if (writes === undefined) return write
      return Effect.flatMap(isOpen, (isJoined): Effect.Effect<A | B, E> => {
        if (isJoined) return write
        return Effect.sync(() => {
          writes.push(write)
          return provisional()
        })
      })
    })
