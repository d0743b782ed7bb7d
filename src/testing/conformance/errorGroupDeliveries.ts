/**
 * What every `ErrorGroupStore` knows of deliveries.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import { ErrorGroupStore } from "../../stores/ErrorGroupStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { checkOf } from "./Check.ts"
import { failureOf, found, newGroup, seenOf } from "./errorGroupSupport.ts"
import { keyOf, newEvent, settlement, settleNext, unique, withDeliveries } from "./support.ts"

const check = checkOf("ErrorGroupStore")

export const errorGroupDeliveries = [
  check(
    "counts deliveries of a group that gave up and that are to be tried again, and no others",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const group = newGroup()
      const { claim, consumer } = yield* withDeliveries(6)
      yield* store.add([seenOf(group, { consumer })])
      const failure = failureOf(group)
      yield* settleNext(claim, { status: "dead_letter", error: "no rate for 1", failure })
      yield* settleNext(claim, { status: "failed", error: "no rate for 2", failure })
      yield* settleNext(claim, { status: "failed", error: "no rate for 3", failure, retryInMillis: 3_600_000 })
      yield* settleNext(claim, { status: "dead_letter", error: "other", failure: failureOf(newGroup()) })
      yield* settleNext(claim, { status: "skipped" })
      assert.partialDeepStrictEqual(yield* found(group.fingerprint), { gaveUp: 2, retrying: 1 })
      assert.equal((yield* store.list({ consumer, onlyOpen: true }, undefined, 10)).length, 1)
      const messages = yield* store.messages(group.fingerprint, 10)
      assert.deepEqual(messages.toSorted(), ["no rate for 1", "no rate for 2", "no rate for 3"])
      assert.equal((yield* store.messages(group.fingerprint, 2)).length, 2)
    })
  ),

  check(
    "counts a delivery no more when it is requeued, discarded, processed, or fails otherwise",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const inbox = yield* InboxStore
      const letters = yield* DeadLetterStore
      const [group, other] = [newGroup(), newGroup()]
      const { claim, consumer } = yield* withDeliveries(4)
      yield* store.add([seenOf(group, { consumer }), seenOf(other, { consumer })])
      for (let n = 0; n < 2; n++) {
        yield* settleNext(claim, { status: "dead_letter", error: "no rate", failure: failureOf(group) })
      }
      const again = { status: "failed", error: "no rate", failure: failureOf(group), retryInMillis: 0 } as const
      for (const row of yield* claim(2)) yield* inbox.settle(settlement(keyOf(row), again))
      assert.partialDeepStrictEqual(yield* found(group.fingerprint), { gaveUp: 2, retrying: 2 })
      const [one, two] = yield* letters.list({ fingerprint: group.fingerprint }, undefined, 10)
      yield* letters.discard([one?.deliveryId ?? ""], undefined)
      yield* letters.requeue([two?.deliveryId ?? ""], undefined)
      const rows = (yield* claim(10)).filter(({ attemptCount }) => attemptCount === 1)
      assert.equal(rows.length, 2)
      yield* inbox.complete(rows.slice(0, 1))
      const failure = failureOf(other)
      yield* inbox.settle(settlement(keyOf(rows[1]), { seenAttempts: 1, status: "dead_letter", error: "no", failure }))
      assert.partialDeepStrictEqual(yield* found(group.fingerprint), { gaveUp: 0, retrying: 0 })
      assert.partialDeepStrictEqual(yield* found(other.fingerprint), { gaveUp: 1, retrying: 0 })
    })
  ),

  check(
    "finds dead letters by their group",
    Effect.gen(function* () {
      const letters = yield* DeadLetterStore
      const group = newGroup()
      const { claim, consumer } = yield* withDeliveries(3)
      yield* settleNext(claim, { status: "dead_letter", error: "no rate", failure: failureOf(group) })
      yield* settleNext(claim, { status: "dead_letter", error: "other", failure: failureOf(newGroup()) })
      yield* settleNext(claim, { status: "dead_letter" })
      const { fingerprint } = group
      assert.deepEqual(
        (yield* letters.list({ fingerprint }, undefined, 10)).map((each) => [each.fingerprint, each.lastError]),
        [[fingerprint, "no rate"]]
      )
      assert.equal(yield* letters.count({ fingerprint }), 1)
      assert.equal(yield* letters.count({ fingerprint, consumer: "nobody" }), 0)
      assert.equal(
        (yield* letters.list({ consumer }, undefined, 10)).filter((each) => each.fingerprint === null).length,
        1
      )
    })
  ),

  check(
    "counts what is parked behind the deliveries of a group",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const inbox = yield* InboxStore
      const group = newGroup()
      const [eventName, consumer] = [unique("event"), unique("consumer")]
      const subscription = { consumer, event: eventName, priority: 0, ordering: "aggregate" as const }
      yield* SubscriptionStore.use((subscriptions) => subscriptions.register([subscription]))
      const ids = ["1", "1", "1", "2", "2", "3"]
      yield* OutboxStore.use((outbox) => outbox.append(ids.map((aggregateId) => newEvent(eventName, { aggregateId }))))
      const interest = { names: [eventName], patterns: [] }
      const claim = (limit: number) => inbox.claim({ consumer, interest, limit, onDeadLetter: "park" })
      yield* settleNext(claim, { status: "dead_letter", error: "no rate", failure: failureOf(group) })
      yield* settleNext(claim, {
        status: "failed",
        error: "no rate",
        failure: failureOf(group),
        retryInMillis: 3_600_000
      })
      // A claim parks what comes behind them.
      yield* claim(10)
      assert.equal(yield* store.countBehind(group.fingerprint), 3)
      assert.equal(yield* store.countBehind(newGroup().fingerprint), 0)
    })
  ),

  check(
    "finds groups that deliveries are of and nobody told of",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const [dead, retried] = [newGroup(), newGroup()]
      const { claim, consumer, eventName } = yield* withDeliveries(3)
      yield* settleNext(claim, { status: "dead_letter", error: "no rate for 1", failure: failureOf(dead) })
      const failure = failureOf(retried)
      yield* settleNext(claim, { status: "failed", error: "no rate for 2", failure, retryInMillis: 3_600_000 })
      const ours = Effect.map(store.unknown(10_000), (groups) => groups.filter((group) => group.consumer === consumer))
      const groups = yield* ours
      assert.deepEqual(
        new Map(groups.map(({ fingerprint, sample }) => [fingerprint, sample])),
        new Map([
          [dead.fingerprint, "no rate for 1"],
          [retried.fingerprint, "no rate for 2"]
        ])
      )
      for (const group of groups) {
        assert.partialDeepStrictEqual(group, { errorTag: "Tag", eventName, schemaVersion: 1 })
        assert.ok(group.agoMillis >= 0 && group.agoMillis < 60_000)
      }
      yield* store.add([seenOf(dead, { consumer })])
      assert.deepEqual(
        (yield* ours).map(({ fingerprint }) => fingerprint),
        [retried.fingerprint]
      )
    })
  )
]
