/**
 * Single writes that are asked for at the same time, made by one statement.
 *
 * @internal
 */
import { type Context, Effect, Exit, Request, RequestResolver } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import { isRefused } from "../errors/sqlState.ts"

interface One<A, B> extends Request.Request<B, StoreError> {
  readonly item: A
}

/** Items one statement takes at most. More at once gain little, and share their fate when the connection is lost. */
const maxTogether = 100

/**
 * Writes items together with those of other fibers that ask in the same turn of the event loop. Each gets its own result
 * or error: what the database refused as a whole is repeated one by one; after anything else, such as a lost connection,
 * nobody knows whether it was written, so nothing is repeated and all get the error.
 *
 * A caller that is interrupted while its item is being written leaves it to be written.
 *
 * @param write - results in the order of the items; all or nothing
 * @param context - what `write` runs with: nothing of its callers' own, least of all a transaction
 */
export const make = <A, B>(
  write: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, StoreError>,
  context: Context.Context<never>
): ((item: A) => Effect.Effect<B, StoreError>) => {
  const eachAlone = (entries: ReadonlyArray<Request.Entry<One<A, B>>>) =>
    Effect.forEach(
      entries,
      (entry) =>
        Effect.map(Effect.exit(write([entry.request.item])), (exit) =>
          entry.completeUnsafe(Exit.map(exit, ([written]) => written as B))
        ),
      { discard: true }
    )
  const resolver = RequestResolver.make<One<A, B>>((entries) =>
    Effect.exit(write(entries.map(({ request }) => request.item))).pipe(
      Effect.flatMap((exit) => {
        if (Exit.isFailure(exit) && entries.length > 1 && isRefused(exit.cause)) return eachAlone(entries)
        entries.forEach((entry, index) => {
          entry.completeUnsafe(Exit.map(exit, (written) => written[index] as B))
        })
        return Effect.void
      }),
      Effect.setContext(context)
    )
  ).pipe(RequestResolver.batchN(maxTogether))
  const one = Request.of<One<A, B>>()
  return (item) => Effect.request(one({ item }), resolver)
}
