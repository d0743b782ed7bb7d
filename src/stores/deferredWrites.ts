/**
 * What a leased handler publishes and links: collected while it runs, and written with the mark of its delivery. Every
 * link store and the publisher ask whether to defer.
 *
 * @since 0.1.0
 */
import { Context, Effect } from "effect"
import { StoreError } from "../errors/StoreErrors.ts"
import type { Transactor } from "./Transactor.ts"

/** Writes of one attempt, in the order they were asked for. */
export interface DeferredWrites {
  readonly list: Array<Effect.Effect<unknown, unknown>>
  /** Whether the handler has ended: nothing comes to the list any more. */
  isClosed: boolean
}

/** Of an attempt that begins. */
export const make = (): DeferredWrites => ({ list: [], isClosed: false })

/** The attempt that is running on this fiber, if it is a leased one. */
export const CurrentWrites: Context.Reference<DeferredWrites | undefined> = Context.Reference<
  DeferredWrites | undefined
>("effect-integration/CurrentWrites", { defaultValue: () => undefined })

const tooLate = new StoreError({
  operation: "deferWrite",
  reason:
    "this was asked for after the leased handler had ended, by a fiber that outlived it: it is not written. Wait for such fibers in the handler",
  isRetryable: false,
  cause: undefined
})

/**
 * Runs `write` now; in a leased handler, outside of any transaction of its own, it is put off until the attempt has
 * succeeded, and `provisional` stands for its result. Fails with `StoreError` when the handler has ended by then.
 *
 * @param isOpen - that of the store's `Transactor`
 *
 * @since 0.1.0
 */
export const deferWrite =
  (isOpen: Transactor["Service"]["isOpen"]) =>
  <A, E, B>(write: Effect.Effect<A, E>, provisional: () => B): Effect.Effect<A | B, E | StoreError> =>
    Effect.flatMap(CurrentWrites, (writes): Effect.Effect<A | B, E | StoreError> => {
      if (writes === undefined) return write
      return Effect.flatMap(isOpen, (isJoined): Effect.Effect<A | B, E | StoreError> => {
        if (isJoined) return write
        return Effect.suspend(() => {
          if (writes.isClosed) return Effect.fail(tooLate)
          writes.list.push(write)
          return Effect.succeed(provisional())
        })
      })
    })
