/**
 * What every `OperationStore` does.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Deferred, Effect, Fiber } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OperationStore, type Taken } from "../../stores/OperationStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { end, newOperation, stepOf, taking, withDead, withOrdered } from "./operationSupport.ts"
import { newEvent, settleNext, unique } from "./support.ts"

const check = checkOf("OperationStore")

/** A rule that is seen in one transaction: no process that drives operations comes between. @param scene - is set before */
const checkAlone = <Scene, R, R2>(
  name: string,
  scene: Effect.Effect<Scene, unknown, R>,
  test: (scene: Scene) => Effect.Effect<void, unknown, R2>
) =>
  check(
    name,
    Effect.flatMap(scene, (made) => Transactor.withTransaction(test(made)))
  )

export const operationStore = [
  checkAlone("gives back what was stored, and lists the last first, by state", Effect.void, () =>
    Effect.gen(function* () {
      const store = yield* OperationStore
      const consumer = unique("consumer")
      const given = newOperation(consumer, {
        filter: { consumer, since: new Date(1), until: new Date("2026-01-01T00:00:00.123Z"), isUndecodable: false },
        cutOff: new Date("2026-02-01T00:00:00.456Z"),
        pace: 0.5,
        reason: "it works again",
        total: 10_001,
        isTotalExact: false
      })
      const { createdAt, updatedAt, ...stored } = yield* store.add(given)
      assert.deepEqual(stored, {
        ...given,
        state: "running",
        done: 0,
        settled: 0,
        failedAgain: 0,
        open: 0,
        startedAt: null,
        finishedAt: null,
        stoppedBy: null,
        lastError: null
      })
      assert.deepEqual(yield* store.find(given.id), { ...stored, createdAt, updatedAt })
      assert.equal(yield* store.find(SecureRandom.uuidV7Unsafe()), undefined)
      const canary = yield* store.add(newOperation(consumer, { canary: 5, kind: "requeue" }))
      assert.equal(canary.state, "canary")
      assert.deepEqual(
        (yield* store.list({}, undefined, 1)).map(({ id }) => id),
        [canary.id]
      )
      assert.deepEqual(
        (yield* store.list({}, canary.id, 1)).map(({ id }) => id),
        [given.id]
      )
      assert.ok((yield* store.list({ state: "canary" }, undefined, 100)).every(({ state }) => state === "canary"))
      yield* end(given.id)
      yield* end(canary.id)
    })
  ),

  check(
    "counts what an operation would take, up to a limit, and says who keeps order",
    Effect.gen(function* () {
      const store = yield* OperationStore
      const { consumer, eventName } = yield* withDead(3)
      const scope = { filter: { consumer }, cutOff: undefined }
      const { at, count, ordered } = yield* store.preview(scope, 10)
      assert.deepEqual([count, ordered], [3, []])
      assert.equal((yield* store.preview(scope, 2)).count, 2)
      assert.equal((yield* store.preview({ ...scope, cutOff: new Date(at.getTime() - 3_600_000) }, 10)).count, 0)
      yield* SubscriptionStore.use((subscriptions) =>
        subscriptions.register([{ consumer, event: eventName, priority: 0, ordering: "aggregate" }])
      )
      assert.deepEqual((yield* store.preview(scope, 10)).ordered, [consumer])
    })
  ),

  checkAlone(
    "gives what had given up by the cut-off, the first first, from where it was left",
    Effect.gen(function* () {
      const { claim, consumer, eventName, ids } = yield* withDead(3)
      const { at } = yield* OperationStore.use((store) => store.preview({ filter: { consumer }, cutOff: undefined }, 1))
      yield* Effect.sleep("5 millis")
      yield* OutboxStore.use((outbox) => outbox.append([newEvent(eventName)]))
      yield* settleNext(claim, { status: "dead_letter" })
      return { consumer, ids, cutOff: at }
    }),
    ({ consumer, cutOff, ids }) =>
      Effect.gen(function* () {
        const store = yield* OperationStore
        const { id } = yield* store.add(newOperation(consumer, { cutOff }))
        yield* taking(id, (taken) =>
          Effect.gen(function* () {
            const first = yield* store.next(taken, 2)
            assert.deepEqual([first.deliveryIds, first.isLast], [ids.slice(0, 2), false])
            assert.equal((yield* store.count(taken, 2)).counted, 2)
            yield* store.save(id, stepOf(taken, { cursor: first.cursor, countCursor: first.cursor, counted: 2 }))
          })
        )
        yield* taking(id, (taken) =>
          Effect.gen(function* () {
            const second = yield* store.next(taken, 2)
            assert.deepEqual([second.deliveryIds, second.isLast], [ids.slice(2), true])
            assert.equal((yield* store.count(taken, 2)).counted, 1)
            assert.equal(taken.counted, 2)
          })
        )
        yield* end(id)
      })
  ),

  checkAlone(
    "gives what comes first of an ordered aggregate first, though it gave up last",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, ids, interest } = yield* withOrdered(3)
      const claim = (limit: number) => inbox.claim({ consumer, interest, limit, onDeadLetter: "continue" })
      // The first one was requeued once, and gave up again.
      yield* DeadLetterStore.use((letters) => letters.requeue(ids.slice(0, 1), undefined))
      yield* Effect.sleep("5 millis")
      yield* settleNext(claim, { status: "dead_letter", error: "again" })
      return { consumer, ids }
    }),
    ({ consumer, ids }) =>
      Effect.gen(function* () {
        const store = yield* OperationStore
        const { id } = yield* store.add(newOperation(consumer))
        yield* taking(id, (taken) =>
          Effect.gen(function* () {
            const page = yield* store.next(taken, 1)
            assert.deepEqual([page.deliveryIds, page.cursor, page.isLast], [ids.slice(0, 1), null, false])
            const two = yield* store.next(taken, 2)
            assert.deepEqual([two.deliveryIds, two.cursor], [ids.slice(0, 2), null])
            yield* DeadLetterStore.use((letters) => letters.requeue(page.deliveryIds, undefined))
            assert.deepEqual((yield* store.next(taken, 1)).deliveryIds, ids.slice(1, 2))
          })
        )
        yield* end(id)
      })
  ),

  checkAlone(
    "counts what became of what was requeued, once, and forgets it",
    Effect.gen(function* () {
      const { claim, consumer, ids } = yield* withDead(5)
      const requeued = yield* DeadLetterStore.use((letters) => letters.requeue(ids, undefined))
      yield* settleNext(claim, { status: "processed" })
      yield* settleNext(claim, { status: "skipped" })
      yield* settleNext(claim, { status: "dead_letter" })
      yield* settleNext(claim, { status: "failed", retryInMillis: 60_000, error: "not yet" })
      return { consumer, requeued }
    }),
    ({ consumer, requeued }) =>
      Effect.gen(function* () {
        const store = yield* OperationStore
        const { id } = yield* store.add(newOperation(consumer))
        yield* taking(id, (taken) => store.save(id, stepOf(taken, { requeued, done: requeued.length })))
        const pages = [yield* store.watch(id, undefined, 2, false)]
        pages.push(yield* store.watch(id, pages[0]?.next, 10, false))
        const sum = (field: "settled" | "failedAgain" | "looked") => pages.reduce((all, each) => all + each[field], 0)
        assert.deepEqual([sum("settled"), sum("failedAgain"), sum("looked")], [2, 1, 5])
        const { next: _, ...again } = yield* store.watch(id, undefined, 10, false)
        assert.deepEqual(again, { settled: 0, failedAgain: 0, looked: 2 })
        assert.equal((yield* store.watch(id, undefined, 10, true)).failedAgain, 1)
        assert.equal((yield* store.watch(id, undefined, 10, true)).looked, 1)
        const found = yield* store.find(id)
        assert.deepEqual([found?.done, found?.open], [5, 5])
        yield* end(id)
      })
  ),

  checkAlone("is due when it was said, stops once, and is not due when it has ended", Effect.void, () =>
    Effect.gen(function* () {
      const store = yield* OperationStore
      const { id } = yield* store.add(newOperation(unique("consumer")))
      assert.ok(((yield* store.dueIn) ?? 1) <= 0)
      yield* taking(id, (taken) => store.save(id, stepOf(taken, { delayMillis: 60_000, done: 2, settled: 1 })))
      const waiting = yield* Transactor.withTransaction(store.take)
      assert.notEqual(waiting?.id, id)
      assert.equal(yield* store.stop(id, "ben"), true)
      assert.equal(yield* store.stop(id, "cem"), false)
      const stopped = yield* store.find(id)
      assert.deepEqual([stopped?.state, stopped?.stoppedBy, stopped?.finishedAt], ["stopped", "ben", null])
      assert.deepEqual([stopped?.done, stopped?.settled, stopped?.open], [2, 1, 1])
      yield* store.postpone(id, "no\u0000thing", 0)
      assert.equal((yield* store.find(id))?.lastError, "no\\u0000thing")
      yield* taking(id, (taken) => {
        assert.equal(taken.isTaken, true)
        return store.save(id, stepOf(taken, { isFinished: true }))
      })
      const ended = yield* store.find(id)
      assert.ok(ended?.finishedAt instanceof Date)
      assert.equal(ended?.lastError, null)
      assert.equal(yield* store.forget(1, 10), 0)
      yield* Effect.sleep("5 millis")
      while ((yield* store.forget(0.000_000_01, 10)) > 0) {}
      assert.equal(yield* store.find(id), undefined)
    })
  )
]

/** For stores that can have several transactions open at once. */
export const operationStoreConcurrent = [
  check(
    "gives an operation to one of two transactions, and to the other when that is rolled back",
    Effect.gen(function* () {
      const store = yield* OperationStore
      const { id } = yield* store.add(newOperation(unique("consumer")))
      const held = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const holding = (taken: Taken) =>
        store
          .save(id, stepOf(taken, { done: 1 }))
          .pipe(
            Effect.andThen(Deferred.succeed(held, undefined)),
            Effect.andThen(Deferred.await(go)),
            Effect.andThen(Effect.fail("rolled back"))
          )
      const holder = yield* Effect.forkChild(Effect.ignore(taking(id, holding)))
      yield* Deferred.await(held)
      assert.notEqual((yield* Transactor.withTransaction(store.take))?.id, id)
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(holder)
      assert.equal(yield* taking(id, ({ done }) => Effect.succeed(done)), 0)
      yield* end(id)
    })
  )
]
