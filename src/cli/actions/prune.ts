/**
 * `prune`: removes what was settled long ago, now and once.
 *
 * @internal
 */
import { Effect } from "effect"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { confirmed } from "../ask.ts"
import { databaseOf } from "../connect.ts"
import { servicesOver } from "../database.ts"
import { exitCodes, NotDone } from "../failures.ts"
import { many, span } from "../output/words.ts"
import { Call, Session, tell } from "../session.ts"

/** What `prune` takes, in milliseconds. */
export interface PruneInput {
  readonly olderThan: number | undefined
  readonly deadLetters: number | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

const hourMillis = 3_600_000

/** Events that are looked at in one transaction. */
const window = 500

/** Events that are looked at in one statement where nothing is changed, and in all. */
const countWindow = 5000
const lookedAtMost = 200_000

const hoursOf = (millis: number | undefined) => (millis === undefined ? undefined : millis / hourMillis)

const agesOf = ({ deadLetters, olderThan }: PruneInput) => ({
  hours: hoursOf(olderThan),
  deadLetterHours: hoursOf(deadLetters)
})

/** How many events would be removed: counted among the oldest, and more if it is not exact. */
interface Counted {
  readonly count: number
  readonly looked: number
  readonly isExact: boolean
}

const counted = Effect.fnUntraced(function* (input: PruneInput) {
  const outbox = yield* OutboxStore
  let [count, looked] = [0, 0]
  let after: string | undefined
  do {
    const found = yield* outbox.countSettled({ ...agesOf(input), after, limit: countWindow })
    count += found.settled
    looked += found.looked
    after = found.next
  } while (after !== undefined && looked < lookedAtMost)
  return { count, looked, isExact: after === undefined } satisfies Counted
})

const howMany = ({ count, isExact, looked }: Counted) =>
  isExact
    ? many(count, "event")
    : `${many(count, "event")} of the ${many(looked, "oldest", "oldest")}, and perhaps more`

const question = ({ deadLetters, olderThan }: PruneInput, found: Counted) => {
  const settled = olderThan === undefined ? [] : [`were settled more than ${span(olderThan)} ago`]
  const died = deadLetters === undefined ? [] : [`gave up and were settled more than ${span(deadLetters)} ago`]
  return `Remove ${howMany(found)}, with their deliveries and history? They ${[...settled, ...died].join(", or ")}.`
}

const removal = (input: PruneInput) =>
  Effect.gen(function* () {
    const outbox = yield* OutboxStore
    const [{ surface, writeError }, { json }] = [yield* Session, yield* Call]
    const ages = agesOf(input)
    const isShown = surface().isTerminal && !json
    let total = 0
    let after: string | undefined
    do {
      const { next, removed } = yield* outbox.removeSettled({ ...ages, after, limit: window })
      total += removed
      after = next
      if (isShown) writeError(`\rRemoved ${many(total, "event")} …\u001b[K`)
    } while (after !== undefined)
    if (isShown) writeError("\r\u001b[K")
    return total
  })

const pruned = Effect.fnUntraced(function* (input: PruneInput) {
  if (input.dryRun || !input.yes) {
    const found = yield* counted(input)
    if (input.dryRun) {
      yield* tell(found, () => `This would remove ${howMany(found)}.`)
      return exitCodes.done
    }
    if (found.count === 0 && found.isExact) {
      yield* tell({ removed: 0 }, () => "There is nothing to remove: no event is as you said.")
      return exitCodes.done
    }
    yield* confirmed(question(input, found), false)
  }
  const removed = yield* removal(input)
  yield* tell({ removed }, () => `Removed ${many(removed, "event")}.`)
  return exitCodes.done
})

/** Removes slice by slice: it may be interrupted, and what is removed stays removed. */
export const prune = Effect.fnUntraced(function* (input: PruneInput) {
  if (input.olderThan === undefined && input.deadLetters === undefined) {
    return yield* new NotDone({
      detail:
        "How old? Give --older-than, as 30d, or --dead-letters-older-than for events with deliveries that gave up."
    })
  }
  const database = yield* databaseOf(yield* Call, "prune")
  return yield* Effect.provide(pruned(input), servicesOver(database))
})
