/**
 * What every store says of itself when it is looked at.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { DiagnosisStore, type Look } from "../../stores/DiagnosisStore.ts"
import { ReplicaStore } from "../../stores/ReplicaStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { checkOf } from "./Check.ts"
import { settleNext, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("DiagnosisStore")

const conditionOf = (consumer: string) =>
  Effect.map(
    DiagnosisStore.use((store) => store.consumers),
    (all) => {
      const condition = all.find((each) => each.consumer === consumer)
      assert.ok(condition !== undefined)
      return condition
    }
  )

/** Looks, or says why not. */
const answers = <A>(look: Look<A>) =>
  look.pipe(
    Effect.asVoid,
    Effect.catchTag("NotDiagnosable", ({ why }) => Effect.sync(() => assert.match(why, /^[A-Z].*\.$/)))
  )

export const diagnosisStore = [
  check(
    "answers each look, or says in a sentence why it cannot",
    Effect.gen(function* () {
      const store = yield* DiagnosisStore
      const looks: ReadonlyArray<Look<unknown>> = [
        ...[store.version, store.server, store.session, store.transactions(300_000), store.tables, store.deviations],
        ...[store.consumers, store.unheard(10), store.processes(1000)]
      ]
      yield* Effect.forEach(looks, answers)
    })
  ),
  check(
    "says of a consumer for how long it has been paused, or is held, and how long the oldest has been due",
    Effect.gen(function* () {
      const { consumer } = yield* withDeliveries(2)
      yield* Effect.sleep("20 millis")
      const before = yield* conditionOf(consumer)
      assert.ok(before.oldestMillis >= 10 && before.oldestMillis < 3_600_000, `${before.oldestMillis}`)
      const { oldestMillis: _, ...rest } = before
      assert.deepEqual(rest, {
        consumer,
        pausedMillis: null,
        pauseReason: null,
        coolsForMillis: null,
        isHeldForBackfill: false,
        isRecovering: false,
        gaveUpLately: 0
      })
      const subscriptions = yield* SubscriptionStore
      yield* subscriptions.brake(consumer, "too much", 0)
      yield* subscriptions.cool(consumer, 3_600_000)
      yield* Effect.sleep("20 millis")
      const after = yield* conditionOf(consumer)
      assert.ok((after.pausedMillis ?? 0) >= 10 && (after.pausedMillis ?? 0) < 3_600_000, `${after.pausedMillis}`)
      assert.equal(after.pauseReason, "too much")
      assert.ok((after.coolsForMillis ?? 0) > 3_000_000 && (after.coolsForMillis ?? 0) < 3_600_000)
    })
  ),
  check(
    "counts what gave up lately, and nothing else",
    Effect.gen(function* () {
      const { claim, consumer } = yield* withDeliveries(5)
      yield* settleNext(claim, { status: "processed" })
      yield* settleNext(claim, { status: "dead_letter" })
      yield* settleNext(claim, { status: "failed" })
      yield* settleNext(claim, { status: "failed", retryInMillis: 3_600_000 })
      assert.equal((yield* conditionOf(consumer)).gaveUpLately, 2)
    })
  ),
  check(
    "names events that no subscription is for, by name or pattern",
    Effect.gen(function* () {
      const store = yield* DiagnosisStore
      const { consumer, eventName } = yield* withDeliveries(3)
      const find = Effect.map(store.unheard(1000), (all) => all.find((each) => each.eventName === eventName))
      assert.equal(yield* find, undefined)
      yield* SubscriptionStore.use((subscriptions) => subscriptions.remove(consumer, [eventName]))
      const unheard = yield* find
      assert.equal(unheard?.count, 3)
      assert.ok(unheard?.lastAt instanceof Date)
      yield* subscribe(`${eventName.slice(0, -1)}*`, unique("consumer"))
      assert.equal(yield* find, undefined)
    })
  ),
  check(
    "says what the processes that run serve",
    Effect.gen(function* () {
      const replicas = yield* ReplicaStore
      const consumer = unique("consumer")
      const served = { names: ["a"], patterns: ["b*"], ordering: "none", workers: 2, batch: 64 } as const
      yield* replicas.serve([{ consumer, ...served }])
      const find = Effect.map(
        DiagnosisStore.use((store) => store.processes(3_600_000)),
        (all) => all.find(({ id }) => id === replicas.id)?.served
      )
      assert.deepEqual(yield* find, [{ consumer, ...served }])
      yield* replicas.serve([])
      assert.deepEqual(yield* find, [])
    })
  ),
  check(
    "bounds looks through other stores, and passes on what they say",
    Effect.gen(function* () {
      const store = yield* DiagnosisStore
      const consumer = unique("consumer")
      yield* subscribe(unique("event"), consumer)
      const all = yield* store.bounded(SubscriptionStore.use((subscriptions) => subscriptions.consumers))
      assert.ok(all.some((each) => each.consumer === consumer))
      assert.equal(yield* Effect.flip(store.bounded(Effect.fail("no"))), "no")
    })
  )
]
