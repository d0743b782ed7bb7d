/**
 * What a handler asks of its context, until the handler has ended: what it has started by then is waited for, what it asks later is refused.
 * A promise that has failed may leave others behind (`Promise.all`), whose writes must not come into what follows in its transaction.
 *
 * @internal
 */
import { Effect } from "effect"
import { HandlerEnded } from "../errors/HandlerErrors.ts"

/** Runs an effect where the handler is. */
export type Run<R> = <A, E>(effect: Effect.Effect<A, E, R>, options: { readonly signal: AbortSignal }) => Promise<A>

export interface ContextScope<R> {
  readonly run: <A, E>(effect: Effect.Effect<A, E, R>) => Promise<A>
  /** Nothing is run from now on; returns when all that was begun has ended. */
  readonly close: Effect.Effect<void>
  /** The same after a failure: what takes longer than a moment is interrupted. */
  readonly closeFailed: Effect.Effect<void>
}

/** How long what was begun may take after a failure. */
const moment = "1 second"

/** @param controller - interrupts what is under way when it is aborted */
export const makeContextScope = <R>(run: Run<R>, controller: AbortController): ContextScope<R> => {
  const running = new Set<Promise<unknown>>()
  let isOpen = true
  const close = Effect.suspend(() => {
    isOpen = false
    return running.size === 0 ? Effect.void : Effect.promise(() => Promise.allSettled(running))
  })
  return {
    run: (effect) => {
      if (!isOpen) return Promise.reject(new HandlerEnded())
      const promise = run(effect, { signal: controller.signal })
      running.add(promise)
      const ended = () => running.delete(promise)
      promise.then(ended, ended)
      return promise
    },
    close: Effect.asVoid(close),
    closeFailed: Effect.andThen(
      Effect.timeoutOption(close, moment),
      Effect.sync(() => controller.abort())
    )
  }
}
