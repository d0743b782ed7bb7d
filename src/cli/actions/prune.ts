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
  readonly yes: boolean
}

const hourMillis = 3_600_000

/** Events that are looked at in one transaction. */
const window = 500

const hoursOf = (millis: number | undefined) => (millis === undefined ? undefined : millis / hourMillis)

const question = ({ deadLetters, olderThan }: PruneInput) => {
  const settled = olderThan === undefined ? [] : [`were settled more than ${span(olderThan)} ago`]
  const died = deadLetters === undefined ? [] : [`gave up and were settled more than ${span(deadLetters)} ago`]
  return `Remove events that ${[...settled, ...died].join(", and those that ")}, with their deliveries and history?`
}

const removal = (input: PruneInput) =>
  Effect.gen(function* () {
    const outbox = yield* OutboxStore
    const [{ surface, writeError }, { json }] = [yield* Session, yield* Call]
    const ages = { hours: hoursOf(input.olderThan), deadLetterHours: hoursOf(input.deadLetters) }
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

/** Removes slice by slice: it may be interrupted, and what is removed stays removed. */
export const prune = Effect.fnUntraced(function* (input: PruneInput) {
  if (input.olderThan === undefined && input.deadLetters === undefined) {
    return yield* new NotDone({
      detail:
        "How old? Give --older-than, as 30d, or --dead-letters-older-than for events with deliveries that gave up."
    })
  }
  const database = yield* databaseOf(yield* Call, "prune")
  yield* confirmed(question(input), input.yes)
  const removed = yield* Effect.provide(removal(input), servicesOver(database))
  yield* tell({ removed }, () => `Removed ${many(removed, "event")}.`)
  return exitCodes.done
})
