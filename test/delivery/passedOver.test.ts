/**
 * Deliveries that wait for somebody who handles them do not slow the others of their consumer.
 *
 * Seen failing without the condition `dueSince` in `claimFragments.ts`: every claim fetched all of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, InboxStore, Publisher, SubscriptionStore, Transactor } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services, until } from "../support/scenario.ts"

const count = 3000

/** A consumer with as many due deliveries of an event that nobody handles, and what it is asked for. */
const waiting = Effect.fnUntraced(function* (test: string, ordering: "none" | "aggregate") {
  const { Followed, Happened, happenings } = eventsOf(test)
  const sql = yield* SqlClient.SqlClient
  const registration = { consumer: test, priority: 0, ordering }
  yield* SubscriptionStore.use((subscriptions) =>
    subscriptions.register([Happened, Followed].map(({ name }) => ({ ...registration, event: name })))
  )
  for (let left = count; left > 0; left -= 1000) yield* Publisher.publishAll(happenings(1000))
  yield* sql`UPDATE inbox_event SET available_at = available_at - interval '2 minutes' WHERE consumer_name = ${test}`
  yield* sql`ANALYZE inbox_event`
  const interest = { names: [Followed.name], patterns: [] }
  const onDeadLetter = ordering === "none" ? undefined : ("park" as const)
  return { Followed, request: { consumer: test, interest, onDeadLetter } }
})

/** Rows of `inbox_event` that were read in the current transaction. */
const rowsRead = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ n: number }>`
      SELECT (coalesce(sum(idx_tup_fetch), 0) + coalesce(sum(seq_tup_read), 0))::int AS n
      FROM pg_stat_xact_user_tables
      WHERE relid = 'inbox_event'::regclass`,
    ([row]) => row?.n ?? 0
  )
)

describe("beside deliveries that nobody here handles", () => {
  for (const ordering of ["none", "aggregate"] as const) {
    it.live(`claims and looks ahead read none of them, ordering ${ordering}`, () =>
      Effect.gen(function* () {
        const inbox = yield* InboxStore
        const { Followed, request } = yield* waiting(`beside.${ordering}`, ordering)
        const replica = { id: "00000000-0000-0000-0000-000000000000", silentMillis: 1000 }
        const polled = inbox.poll({
          consumers: [{ ...request.interest, ...request }],
          parkedAfter: 0n,
          replica
        })
        const { passedOver } = yield* polled
        assert.lengthOf(passedOver, 1)
        const { consumer, dueSince = 0 } = passedOver[0] ?? {}
        assert.strictEqual(consumer, request.consumer)
        assert.isBelow(dueSince, Date.now() - 50_000)

        yield* Publisher.publishAll([DomainEvent.publication(Followed, { n: count })])
        const reading = (since: number | undefined) =>
          Transactor.withTransaction(
            Effect.gen(function* () {
              const before = yield* rowsRead
              const claimed = yield* inbox.claim({ ...request, dueSince: since, limit: 10 })
              assert.deepStrictEqual(
                claimed.map((row) => row.payload),
                [{ n: count }]
              )
              assert.isAtMost((yield* inbox.nextDue({ ...request, dueSince: since })) ?? 1, 0)
              return (yield* rowsRead) - before
            })
          )
        assert.isAtLeast(yield* reading(undefined), count)
        assert.isBelow(yield* reading(dueSince), 100)

        // What can be handled and is older is what the next poll begins with.
        const sql = yield* SqlClient.SqlClient
        yield* sql`
          UPDATE inbox_event SET available_at = available_at - interval '90 seconds' WHERE event_name = ${Followed.name}`
        const [since] = (yield* polled).passedOver
        assert.lengthOf(yield* inbox.claim({ ...request, dueSince: since?.dueSince, limit: 10 }), 1)
      }).pipe(Effect.scoped, Effect.provide(services(postgres())))
    )
  }

  it.live("workers handle what is published, and what was committed late, and what becomes theirs to handle", () =>
    Effect.gen(function* () {
      const { Followed } = yield* waiting("late", "none")
      const inbox = yield* InboxStore
      const sql = yield* SqlClient.SqlClient
      let polls = 0
      const { poll } = inbox
      Object.assign(inbox, {
        poll: (request: Parameters<typeof poll>[0]) => Effect.tap(poll(request), () => Effect.sync(() => polls++))
      })
      const anotherPoll = Effect.suspend(() => {
        const before = polls
        return until(
          Effect.sync(() => polls),
          (now) => now >= before + 2
        )
      })
      const consumer = Consumer.make("late")
      yield* serve(noting(consumer, Followed))
      yield* anotherPoll
      yield* Publisher.publish(Followed, { n: 1 })
      yield* until(noted("late"), (numbers) => numbers.length === 1)
      // As if its transaction had taken a minute and a half.
      yield* Transactor.withTransaction(
        Effect.andThen(
          Publisher.publish(Followed, { n: 2 }),
          sql`UPDATE inbox_event SET available_at = available_at - interval '90 seconds' WHERE event_name = ${Followed.name}`
        )
      )
      yield* until(noted("late"), (numbers) => numbers.length === 2)
      yield* serve(noting(consumer, eventsOf("late").Happened))
      yield* until(noted("late"), (numbers) => numbers.length === count + 2)
    }).pipe(
      Effect.scoped,
      Effect.provide(services(postgres(), { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }))
    )
  )
})
