/**
 * Preparing what is published by one call: a single event, or a list.
 *
 * @internal
 */
import { type Context, Effect, Exit } from "effect"
import { nextEventId } from "./eventIds.ts"
import { inheritanceIn } from "./inheritance.ts"
import { contentLength, type Prepare, type Prepared, type Rules } from "./prepare.ts"

/** Characters that are encoded before others have their turn. */
const turnLength = 1_048_576

/** What an effect comes to that has succeeded already. */
const valueNow = (effect: Effect.Effect<Prepared, unknown>): Prepared | undefined => {
  const exit: unknown = effect
  return Exit.isExit(exit) && Exit.isSuccess(exit) ? (exit.value as Prepared) : undefined
}

/** Prepares a single event. */
export const prepareOne = <A>(each: A, prepare: Prepare<A>, { inheritMetadata, maxPayloadBytes }: Rules) =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.flatMap(nextEventId, (id) =>
      prepare(each, { id, inheritance: inheritanceIn(context, inheritMetadata), maxPayloadBytes })
    )
  )

/** Prepares a list. Encoding takes a while with large events, so others have their turn in between. */
export const prepareAll = Effect.fnUntraced(function* <A>(
  list: ReadonlyArray<A>,
  prepare: Prepare<A>,
  { inheritMetadata, maxPayloadBytes }: Rules
) {
  const inheritance = inheritanceIn(yield* Effect.context<never>(), inheritMetadata)
  const all: Array<Prepared> = []
  let length = 0
  for (const each of list) {
    const preparing = prepare(each, { id: yield* nextEventId, inheritance, maxPayloadBytes })
    const prepared = valueNow(preparing) ?? (yield* preparing)
    all.push(prepared)
    length += contentLength(prepared)
    if (length < turnLength) continue
    length = 0
    yield* Effect.yieldNow
  }
  return all
})
