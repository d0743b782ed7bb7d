/**
 * Stores messages of other services as events, each once, and wakes their consumers.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidIdentifier } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { repeatAlone } from "../stores/contention.ts"
import type { OutboxStore, Received, ReceivedEvent } from "../stores/OutboxStore.ts"
import type { StatisticSums } from "../stores/statisticSums.ts"
import type { Transactor } from "../stores/Transactor.ts"
import type { Notifier } from "../wakeups/Notifier.ts"
import { chunksOf } from "./chunks.ts"
import type { Imported } from "./ForeignEvent.ts"

/** What storing messages needs. */
interface Services {
  readonly outbox: OutboxStore["Service"]
  readonly notifier: Notifier["Service"]
  readonly transactor: Transactor["Service"]
  readonly sums: StatisticSums | undefined
}

/** What became of messages; fails when the id of one is that of another event. */
const importedOf = (
  rows: ReadonlyArray<ReceivedEvent>,
  received: ReadonlyArray<Received>
): Effect.Effect<ReadonlyArray<Imported>, InvalidIdentifier> => {
  const at = received.findIndex(({ result }) => result === "conflict")
  const taken = rows[at]
  return taken === undefined
    ? Effect.succeed(
        received.map(({ consumers, id, result }) => ({ eventId: id, isDuplicate: result === "duplicate", consumers }))
      )
    : Effect.fail(
        new InvalidIdentifier({
          field: `id of imported event "${taken.eventName.slice(0, 80)}"`,
          problem: `is ${taken.id}, which an event of another name has here already`
        })
      )
}

const lengthOf = ({ metadata, payload }: ReceivedEvent) => payload.length + (metadata?.length ?? 0)

/** Stores messages where the caller is, with a statement for each chunk. */
const receiveHere = Effect.fnUntraced(function* (
  { notifier, outbox, sums, transactor }: Services,
  rows: ReadonlyArray<ReceivedEvent>
): Effect.fn.Return<ReadonlyArray<Imported>, InvalidIdentifier | StoreError> {
  const received: Array<Received> = []
  for (const chunk of chunksOf(rows, lengthOf)) received.push(...(yield* outbox.receive(chunk)))
  const imported = yield* importedOf(rows, received)
  const written = rows.filter((_, index) => imported[index]?.isDuplicate === false)
  yield* transactor.afterCommit(
    Effect.suspend(() => {
      sums?.published(written.map(({ eventName, schemaVersion }) => ({ name: eventName, schemaVersion })))
      return notifier.announce(new Set(imported.flatMap(({ consumers }) => consumers)))
    })
  )
  return imported
})

/** Stores messages, all or none; what the database rolled back because of others is repeated, where nothing else was in it. */
export const makeImport = (services: Services) => {
  const { transactor } = services
  const repeated = repeatAlone(transactor.isOpen)
  return (rows: ReadonlyArray<ReceivedEvent>) => {
    const here = receiveHere(services, rows)
    return repeated(rows.length > 1 ? transactor.withTransaction(here) : here)
  }
}

/** What is known of messages that a leased handler imports, until its delivery is settled. */
export const provisionalImport = (rows: ReadonlyArray<ReceivedEvent>): ReadonlyArray<Imported> =>
  rows.map(({ id }) => ({ eventId: id, isDuplicate: false, consumers: [] }))
