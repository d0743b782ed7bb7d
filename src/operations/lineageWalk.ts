/**
 * Follows events up to their first cause, and from there down to all that came of it.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { LineageEvent, LineageStore } from "../stores/LineageStore.ts"

/** Where a walk ends. */
export interface Bounds {
  /** Events at most. */
  readonly limit: number
  /** Milliseconds after a cause in which what follows from it is looked for. */
  readonly spanMillis: number
}

/** Events of a tree, by id. */
export interface Walked {
  readonly root: LineageEvent
  /** The cause that the root names, if it is not here. */
  readonly unknownCause: string | undefined
  /** Causes come before what follows from them. */
  readonly events: ReadonlyMap<string, LineageEvent>
  readonly isCut: boolean
  readonly lookedUntil: Date
}

/**
 * What follows is stored after its cause: but clocks are set back, and another service's message may come late. Milliseconds before a
 * cause from which on is looked.
 */
const slackMillis = 3_600_000

/** Events from the first known cause on. */
interface Line {
  readonly events: ReadonlyArray<LineageEvent>
  readonly unknownCause: string | undefined
  readonly isCut: boolean
}

/** From an event to its first known cause, that one first. A circle of causes ends where it closes. */
const ancestry = Effect.fnUntraced(function* (
  store: LineageStore["Service"],
  asked: LineageEvent,
  limit: number
): Effect.fn.Return<Line, StoreError> {
  const line = [asked]
  const seen = new Set([asked.id])
  for (let { causationId } = asked; causationId !== null && !seen.has(causationId.toLowerCase()); ) {
    const [cause] = yield* store.find([causationId])
    if (cause === undefined) return { events: line.toReversed(), unknownCause: causationId, isCut: false }
    if (line.length === limit) return { events: line.toReversed(), unknownCause: undefined, isCut: true }
    line.push(cause)
    seen.add(cause.id)
    causationId = cause.causationId
  }
  return { events: line.toReversed(), unknownCause: undefined, isCut: false }
})

const rangeOf = (events: ReadonlyArray<LineageEvent>, spanMillis: number) => {
  const times = events.map(({ createdAt }) => createdAt.getTime())
  return {
    from: new Date(Math.min(...times) - slackMillis),
    until: new Date(Math.max(...times) + spanMillis)
  }
}

/** All that is known around an event, level by level. */
export const walk = Effect.fnUntraced(function* (
  store: LineageStore["Service"],
  asked: LineageEvent,
  { limit, spanMillis }: Bounds
): Effect.fn.Return<Walked, StoreError> {
  const line = yield* ancestry(store, asked, limit)
  const events = new Map(line.events.map((event) => [event.id, event]))
  let { isCut } = line
  let lookedUntil: Date | undefined
  for (let level = line.events; level.length > 0; ) {
    const { from, until } = rangeOf(level, spanMillis)
    if (lookedUntil === undefined || until < lookedUntil) lookedUntil = until
    // Those of the line are found again.
    const wanted = limit - events.size + 1 + line.events.length
    const found = yield* store.causedBy({ causes: level.map(({ id }) => id), from, until, limit: wanted })
    const fresh = found.filter(({ id }) => !events.has(id))
    const taken = fresh.slice(0, Math.max(0, limit - events.size))
    if (taken.length < fresh.length) isCut = true
    for (const event of taken) events.set(event.id, event)
    level = taken.length < fresh.length ? [] : taken
  }
  return {
    root: line.events[0] as LineageEvent,
    unknownCause: line.unknownCause,
    events,
    isCut,
    lookedUntil: lookedUntil ?? asked.createdAt
  }
})
