/**
 * What a delivery adds to the context its handler was declared with.
 *
 * A handler's services come from its own layer, which may hold other instances than the processor's. So the handler
 * does not simply run in the processor's context: only what the delivery's transaction put there is carried over.
 *
 * @internal
 */
import { Context } from "effect"

/** The services of `inner` that `outer` does not have, or has another instance of. */
export const added = (outer: Context.Context<never>, inner: Context.Context<never>): Context.Context<never> =>
  Context.makeUnsafe(new Map([...inner.mapUnsafe].filter(([key, service]) => outer.mapUnsafe.get(key) !== service)))
