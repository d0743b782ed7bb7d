/**
 * The ways an event gets into the outbox: where its caller is, alone, or together with what others publish at the same
 * time.
 *
 * @internal
 */
import { type Context, Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import { isRefused } from "../errors/sqlState.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { CurrentClientTransaction } from "../stores/ClientTransaction.ts"
import { repeatAlone } from "../stores/contention.ts"
import type { Appended, OutboxStore } from "../stores/OutboxStore.ts"
import type { StatisticSums } from "../stores/statisticSums.ts"
import type { Transactor } from "../stores/Transactor.ts"
import type { Broadcast, InlineNotification } from "../wakeups/Broadcast.ts"
import type { Notifier } from "../wakeups/Notifier.ts"
import { chunksOf } from "./chunks.ts"
import { make as coalesce } from "./coalesce.ts"
import { contentLength, type Prepared } from "./prepare.ts"
import { storedAs, toStored } from "./stored.ts"

/** What storing events needs. */
interface Services {
  readonly outbox: OutboxStore["Service"]
  readonly notifier: Notifier["Service"]
  readonly broadcast: Broadcast
  readonly transactor: Transactor["Service"]
  readonly sums: StatisticSums | undefined
}

/** Stores events, all or none, in the order given, and wakes their consumers. */
type Append = (prepared: ReadonlyArray<Prepared>) => Effect.Effect<ReadonlyArray<DomainEvent.Stored>, StoreError>

/**
 * The statements a list takes, in its order. One with keys is split by count only: rows are locked in the order of their
 * keys within a statement, and the fewer there are, the less can two lists get into each other's way.
 */
const statementsOf = (prepared: ReadonlyArray<Prepared>) =>
  prepared.some(({ row }) => row.dedupeKey !== undefined)
    ? chunksOf(prepared, contentLength, Number.POSITIVE_INFINITY)
    : chunksOf(prepared, contentLength)

/** Characters of a payload that is large enough to be worth a statement of its own. */
const maxCoalescedLength = 65_536

/** Events with what became of them. */
const storedOf = (
  prepared: ReadonlyArray<Prepared>,
  appended: ReadonlyArray<Appended>
): Effect.Effect<ReadonlyArray<DomainEvent.Stored>, StoreError> =>
  appended.every((each) => each.existing === undefined)
    ? Effect.succeed(prepared.map((each, index) => storedAs(each, appended[index] as Appended)))
    : Effect.forEach(prepared, (each, index) => toStored(each, appended[index] as Appended))

const rowsOf = (prepared: ReadonlyArray<Prepared>) => prepared.map((_) => _.row)

/** Stores events with one statement, and wakes nobody. */
const appendChunk = (
  { outbox }: Services,
  prepared: ReadonlyArray<Prepared>,
  notification?: InlineNotification
): Effect.Effect<ReadonlyArray<DomainEvent.Stored>, StoreError> =>
  Effect.flatMap(outbox.append(rowsOf(prepared), notification), (appended) => storedOf(prepared, appended))

const consumersOf = (stored: ReadonlyArray<DomainEvent.Stored>) => new Set(stored.flatMap((_) => _.consumers))

const currentTransactionId = ({ query }: Transactor["Service"]) =>
  Effect.map(
    // Where there are transactions of others, there is a database.
    Effect.catchTag(query('SELECT pg_current_xact_id()::text AS "id"', []), "SqlUnavailable", Effect.die),
    ([row]) => String(Object(row).id)
  )

/** Stores events with one statement in a transaction that somebody else ends: nobody but the database knows when. */
const appendInTheirs = Effect.fnUntraced(function* (
  { broadcast, outbox, sums, transactor }: Services,
  prepared: ReadonlyArray<Prepared>
) {
  const notification = broadcast.ofOthers.offer(prepared.length === 1)
  const appended = yield* outbox.append(rowsOf(prepared), notification)
  const stored = yield* storedOf(prepared, appended)
  const written = stored.filter((event) => !event.isDuplicate)
  sums?.published(written)
  const consumers = consumersOf(written)
  if (notification !== undefined || consumers.size === 0) return stored
  const transactionId = appended[0]?.transactionId ?? (yield* currentTransactionId(transactor))
  yield* broadcast.ofOthers.whenCommitted(transactionId, consumers)
  return stored
})

/** Stores events in a transaction of which is told when it is committed; of one statement's own, if there is none. */
const appendInOurs = Effect.fnUntraced(function* (services: Services, chunks: ReadonlyArray<ReadonlyArray<Prepared>>) {
  const { notifier, sums, transactor } = services
  const stored: Array<DomainEvent.Stored> = []
  for (const chunk of chunks) stored.push(...(yield* appendChunk(services, chunk)))
  const written = stored.filter((event) => !event.isDuplicate)
  yield* transactor.afterCommit(
    Effect.suspend(() => {
      sums?.published(written)
      // A poll cannot see the rows before the commit, so an earlier wake-up would find nothing.
      return notifier.announce(consumersOf(written))
    })
  )
  return stored
})

/** Stores events with a statement for each chunk: in the caller's transaction, or, if there is one chunk, in its own. */
const appendHere = (services: Services, chunks: ReadonlyArray<ReadonlyArray<Prepared>>) =>
  Effect.flatMap(CurrentClientTransaction, (client) => {
    if (client?.isOurs !== false) return appendInOurs(services, chunks)
    const [first, second] = chunks
    return first !== undefined && second === undefined
      ? appendInTheirs(services, first)
      : Effect.map(
          Effect.forEach(chunks, (chunk) => appendInTheirs(services, chunk)),
          (stored) => stored.flat()
        )
  })

/** Stores one event, outside of any transaction. It tells other processes itself, if that can be and does no harm. */
const appendAlone = (services: Services, prepared: ReadonlyArray<Prepared>) =>
  Effect.suspend(() => {
    const { broadcast, notifier, sums } = services
    let isNotifying = false
    return broadcast
      .withInlineNotification((notification) => {
        if (notification === undefined) return appendHere(services, [prepared])
        isNotifying = true
        return Effect.tap(appendChunk(services, prepared, notification), (stored) => {
          sums?.published(stored.filter((event) => !event.isDuplicate))
          return notifier.wake(consumersOf(stored))
        })
      })
      .pipe(
        // It may have been the notification that was refused.
        Effect.catchCause((cause) =>
          isNotifying && isRefused(cause) ? appendHere(services, [prepared]) : Effect.failCause(cause)
        )
      )
  })

/**
 * Stores events in whichever way fits them. A single one outside of a transaction goes with those that others publish
 * at the same time, unless it has a key or is large.
 *
 * @param context - what those that go together run with: nothing of one caller's own
 */
export const makeAppend = (services: Services, context: Context.Context<never>): Append => {
  const { transactor } = services
  const repeated = repeatAlone(transactor.isOpen)
  const here: Append = (prepared) => appendHere(services, [prepared])
  const coalesced = coalesce(
    (prepared: ReadonlyArray<Prepared>) => (prepared.length === 1 ? appendAlone(services, prepared) : here(prepared)),
    context
  )
  const one = (event: Prepared) =>
    event.row.dedupeKey !== undefined || event.row.payload.length > maxCoalescedLength
      ? here([event])
      : Effect.flatMap(transactor.isOpen, (isJoined) =>
          isJoined ? here([event]) : Effect.map(coalesced(event), (stored) => [stored])
        )
  return (prepared) => {
    const [first, second] = prepared
    if (first !== undefined && second === undefined) return one(first)
    const chunks = statementsOf(prepared)
    const append = appendHere(services, chunks)
    return chunks.length > 1 ? repeated(transactor.withTransaction(append)) : append
  }
}
