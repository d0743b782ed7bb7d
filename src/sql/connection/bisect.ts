/**
 * Maintenance in batches of which one row may be bad: a trigger or a constraint of the application refuses it. The rest
 * still gets done.
 *
 * @internal
 */
import { Cause, Effect, Exit } from "effect"
import type { SqlError } from "effect/sql"
import { makeIsFirst } from "../../collections/bounded.ts"
import { databaseWords } from "../../errors/errorText.ts"
import { isConnectionLost, isContention } from "../../errors/sqlState.ts"

/** What a batch did, and the items nothing could be done about. */
interface Bisected<Item, A> {
  readonly results: ReadonlyArray<A>
  readonly refused: ReadonlyArray<Item>
}

/** Whether an operation complains about an item for the first time. */
const isFirst = makeIsFirst()

const logOnceRefused = (operation: string, item: string, error: SqlError.SqlError) => {
  if (!isFirst(JSON.stringify([operation, item]))) return Effect.void
  return Effect.logError(`${operation}: ${item} is left out, the database refuses it: ${databaseWords(error)}`)
}

/**
 * Runs `change` for all items at once; when the database refuses that, for each half, down to single items, which are
 * left out and complained about once. A lost connection, or transactions in each other's way, is no refusal.
 *
 * @param nameOf - what an item is called where it is complained about; default: itself
 */
export const bisectRefused = <Item, A>(
  operation: string,
  items: ReadonlyArray<Item>,
  change: (items: ReadonlyArray<Item>) => Effect.Effect<A, SqlError.SqlError>,
  nameOf: (item: Item) => string = String
): Effect.Effect<Bisected<Item, A>, SqlError.SqlError> =>
  Effect.gen(function* () {
    if (items.length === 0) return { results: [], refused: [] }
    const exit = yield* Effect.exit(change(items))
    if (Exit.isSuccess(exit)) return { results: [exit.value], refused: [] }
    const error = exit.cause.reasons.find(Cause.isFailReason)?.error
    if (error === undefined || isConnectionLost(exit.cause) || isContention(exit.cause)) {
      return yield* Effect.failCause(exit.cause)
    }
    const [first, second] = items
    if (first !== undefined && second === undefined) {
      yield* logOnceRefused(operation, nameOf(first), error)
      return { results: [], refused: items }
    }
    const middle = Math.ceil(items.length / 2)
    const left = yield* bisectRefused(operation, items.slice(0, middle), change, nameOf)
    const right = yield* bisectRefused(operation, items.slice(middle), change, nameOf)
    return { results: [...left.results, ...right.results], refused: [...left.refused, ...right.refused] }
  })

/** Runs `otherwise` when the database refuses an effect, rather than being away or busy. */
export const onRefusal = <A, B>(
  effect: Effect.Effect<A, SqlError.SqlError>,
  otherwise: Effect.Effect<B, SqlError.SqlError>
): Effect.Effect<A | B, SqlError.SqlError> =>
  Effect.catchCause(
    effect,
    (cause): Effect.Effect<A | B, SqlError.SqlError> =>
      cause.reasons.some(Cause.isFailReason) && !isConnectionLost(cause) && !isContention(cause)
        ? otherwise
        : Effect.failCause(cause)
  )
