/** What tests of mailboxes share: subscribers that write down what they did, and what is waited for. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Consumer, DomainEvent, InboxStore, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { type Thing, until } from "./scenario.ts"

/** An event as handlers get it. */
export type Event = DomainEvent.DomainEvent<string, { readonly n: number }>

/** A subscriber that writes down what was committed, and fails as long as `fails` says so. */
export const logging = (
  consumer: Consumer.Consumer | string,
  event: Thing,
  log: Array<number>,
  options: { readonly priority?: number; readonly fails?: (event: Event) => Effect.Effect<unknown, unknown> } = {}
) =>
  Subscriber.make({
    consumer,
    event,
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    handler: Effect.fnUntraced(function* (given: Event) {
      const transactor = yield* Transactor
      yield* options.fails?.(given) ?? Effect.void
      yield* transactor.afterCommit(Effect.sync(() => log.push(given.payload.n)))
    })
  })

/** Waits for what was committed: a status can be seen before its worker has gone on. */
export const logged = Effect.fnUntraced(function* (log: ReadonlyArray<number>, expected: ReadonlyArray<number>) {
  yield* until(
    Effect.sync(() => log.length),
    (length) => length >= expected.length
  )
  assert.deepStrictEqual(log, expected)
})

/** A consumer in order, whose deliveries give up at once. */
export const ordered = (name: string, options: Consumer.Options = {}) =>
  Consumer.make(name, { ordering: "aggregate", maxAttempts: 1, ...options })

/** Publishes events of one aggregate. */
export const publishFor = (event: Thing, aggregateId: string, ...numbers: ReadonlyArray<number>) =>
  Publisher.publishAll(numbers.map((n) => DomainEvent.publication(event, { n }, { aggregateId })))

const statusesOf = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, undefined, 100), (deliveries) =>
      deliveries.map((delivery) => delivery.status)
    )
  )

/** Waits until the deliveries of a consumer have these states, in publish order. */
export const untilStatuses = (consumer: string, expected: ReadonlyArray<string>) =>
  until(statusesOf(consumer), (statuses) => JSON.stringify(statuses) === JSON.stringify(expected))
