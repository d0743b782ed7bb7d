/** Consumers whose handlers have effects outside the database. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { HandlerTimeout } from "../../src/errors/HandlerErrors.ts"
import { StoreError } from "../../src/errors/StoreErrors.ts"
import {
  Consumer,
  DeadLetters,
  InboxStore,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  SettingStore,
  Settings,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { definitions } from "../../src/settings/Settings.ts"
import { keyOf } from "../../src/testing/conformance/support.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

const leased = (name: string, options: Consumer.Options = {}) => Consumer.make(name, { mode: "leased", ...options })

/** What a transaction of the engine did, for a test that lets its answer get lost. */
const Leasing = Context.Reference<{ hasLeased: boolean }>("test/Leasing", {
  defaultValue: () => ({ hasLeased: false })
})

/** A process that has ended. */
const ended = crypto.randomUUID()

const rowOf = (eventId: string) =>
  InboxStore.use((inbox) => Effect.map(inbox.findByEvent(eventId), ([delivery]) => delivery))

const settled = (eventId: string) =>
  Effect.map(
    Processor.use((processor) => processor.settled(eventId)),
    ([delivery]) => delivery
  )

const copyOf = (n: number) => ({ module: "leased", entityType: "Copy", entityId: String(n) })

describe.each(runtimes)("on $name", ({ layer }) => {
  const settings = { ...unpolled, retryBaseDelayMs: 100, processingLeaseMs: 1000 }
  withLayer(layer({ settings, shutdownGracePeriod: 200 }), { excludeTestServices: true, timeout: "60 seconds" })(
    "leased consumers",
    (it) => {
      it.effect("run outside of any transaction, with a delivery id that stays the same", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("outside")
          const seen: Array<readonly [string, number, boolean]> = []
          yield* serve(
            Subscriber.make({
              consumer: leased("outside"),
              event: Happened,
              handler: Effect.fnUntraced(function* (event) {
                seen.push([event.deliveryId, event.attempt, yield* Transactor.use(({ isOpen }) => isOpen)])
                const row = yield* rowOf(event.id)
                assert.deepInclude(row, {
                  status: "processing",
                  attemptCount: event.attempt,
                  isOpen: true,
                  dueInMillis: null
                })
                if (event.attempt < 3) return yield* Effect.fail(new Error("not yet"))
              })
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          const delivery = yield* settled(event.id)
          assert.deepInclude(delivery, { status: "processed", attemptCount: 3 })
          const id = delivery?.deliveryId ?? ""
          assert.deepStrictEqual(seen, [
            [id, 1, false],
            [id, 2, false],
            [id, 3, false]
          ])
          const attempts = yield* InboxStore.use((inbox) => inbox.attempts(keyOf(delivery)))
          assert.deepStrictEqual(
            attempts.map(({ attempt, outcome }) => [attempt, outcome]),
            [
              [1, "retry"],
              [2, "retry"]
            ]
          )
        })
      )

      it.effect(
        "publish and link with the mark of their delivery: only the attempt that succeeds leaves anything",
        () =>
          Effect.gen(function* () {
            const { Followed, Happened } = eventsOf("collected")
            yield* serve(
              Subscriber.make({
                consumer: leased("collected"),
                event: Happened,
                handler: Effect.fnUntraced(function* (event) {
                  const outbox = yield* OutboxStore
                  const followed = yield* Publisher.publish(Followed, { n: event.attempt })
                  assert.strictEqual(followed.position, 0n)
                  assert.isUndefined(yield* outbox.findById(followed.id))
                  yield* LinkStore.create({
                    source: event.aggregate,
                    target: copyOf(event.attempt),
                    linkType: "reference"
                  })
                  // What a transaction of its own commits is there at once.
                  yield* Transactor.withTransaction(Publisher.publish(Followed, { n: 10 + event.attempt }))
                  if (event.attempt === 1) return yield* Effect.fail("no")
                })
              })
            )
            const event = yield* Publisher.publish(Happened, { n: 1 })
            yield* settled(event.id)
            const outbox = yield* OutboxStore
            const followed = yield* outbox.findByName(Followed.name, 0n, 100)
            assert.deepStrictEqual(
              followed.map((row) => [row.payload, row.causationId === event.id]),
              [
                [{ n: 11 }, true],
                [{ n: 12 }, true],
                [{ n: 2 }, true]
              ]
            )
            const links = yield* LinkStore.use((store) => store.findOutbound(event.aggregate))
            assert.deepStrictEqual(
              links.map((link) => link.target),
              [copyOf(2)]
            )
          })
      )

      it.effect("keep their lease for as long as the handler runs", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("renewed")
          const runs: Array<number> = []
          yield* serve(
            Subscriber.make({
              consumer: leased("renewed", { concurrency: 3, timeout: "20 seconds" }),
              event: Happened,
              handler: ({ attempt }) =>
                Effect.andThen(
                  Effect.sync(() => runs.push(attempt)),
                  Effect.sleep("2500 millis")
                )
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          assert.deepInclude(yield* settled(event.id), { status: "processed", attemptCount: 1 })
          assert.deepStrictEqual(runs, [1])
        })
      )

      it.effect("keep their lease also when leases are made shorter, or longer, while they are held", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("changed")
          const store = yield* SettingStore
          const settings = yield* Settings
          const { key } = definitions.processingLeaseMs
          const setLease = (millis: number) => Effect.andThen(store.set(key, millis, "a test"), settings.refresh)
          const runs: Array<readonly [number, number]> = []
          yield* serve(
            Subscriber.make({
              consumer: leased("changed", { concurrency: 3, timeout: "20 seconds" }),
              event: Happened,
              handler: ({ attempt, payload: { n } }) =>
                Effect.andThen(
                  Effect.sync(() => runs.push([n, attempt])),
                  Effect.sleep(n === 1 ? 4000 : 2500)
                )
            })
          )
          const begun = (count: number) =>
            until(
              Effect.sync(() => runs.length),
              (length) => length >= count
            )
          yield* setLease(30_000)
          const first = yield* Publisher.publish(Happened, { n: 1 })
          yield* begun(1)
          yield* setLease(1000)
          const second = yield* Publisher.publish(Happened, { n: 2 })
          yield* begun(2)
          assert.deepInclude(yield* settled(second.id), { status: "processed", attemptCount: 1 })
          const third = yield* Publisher.publish(Happened, { n: 3 })
          yield* begun(3)
          yield* setLease(30_000)
          for (const { id } of [first, third]) {
            assert.deepInclude(yield* settled(id), { status: "processed", attemptCount: 1 })
          }
          assert.deepStrictEqual(runs, [
            [1, 1],
            [2, 1],
            [3, 1]
          ])
          yield* Effect.andThen(store.remove(key), settings.refresh)
        })
      )

      it.effect("change nothing once somebody else has their delivery", () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf("fenced")
          const inbox = yield* InboxStore
          const started = yield* Deferred.make<void>()
          const go = yield* Deferred.make<void>()
          yield* serve(
            Subscriber.make({
              consumer: leased("fenced"),
              event: Happened,
              handler: (event) =>
                Effect.gen(function* () {
                  yield* Publisher.publish(Followed, event.payload)
                  if (event.attempt > 1) return
                  yield* Deferred.succeed(started, undefined)
                  yield* Effect.uninterruptible(Deferred.await(go))
                })
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* Deferred.await(started)
          // As after a process was frozen for longer than its lease: its delivery is given to somebody else.
          const delivery = yield* rowOf(event.id)
          const token = yield* Transactor.withTransaction(inbox.lease(keyOf(delivery), 60_000, ended))
          yield* Deferred.succeed(go, undefined)
          yield* until(rowOf(event.id), (row) => row?.status === "processing" && row.attemptCount === 2)
          const outbox = yield* OutboxStore
          assert.isEmpty(yield* outbox.findByName(Followed.name, 0n, 10))
          assert.isTrue(yield* inbox.giveBack(keyOf(delivery), token))
          yield* Processor.use((processor) => processor.drain)
          assert.deepInclude(yield* settled(event.id), { status: "processed", attemptCount: 2 })
          assert.lengthOf(yield* outbox.findByName(Followed.name, 0n, 10), 1)
        })
      )

      it.effect("charge an attempt whose lease ran out, and give up after the last", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("expired")
          const inbox = yield* InboxStore
          const runs: Array<number> = []
          yield* Effect.scoped(
            serve(Subscriber.make({ consumer: leased("expired"), event: Happened, handler: () => Effect.void }))
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          const delivery = keyOf(yield* rowOf(event.id))
          // Two processes that ended while they had it.
          yield* inbox.lease(delivery, 0, ended)
          yield* serve(
            Subscriber.make({
              consumer: leased("expired", { maxAttempts: 3 }),
              event: Happened,
              handler: ({ attempt }) => Effect.sync(() => runs.push(attempt))
            })
          )
          assert.deepInclude(yield* settled(event.id), { status: "processed", attemptCount: 2 })
          assert.deepStrictEqual(runs, [2])
          const [attempt] = yield* inbox.attempts(delivery)
          assert.deepInclude(attempt, { attempt: 1, outcome: "retry", errorTag: "HandlerCrashed" })
          const other = yield* Publisher.publish(Happened, { n: 2 }, { delay: "1 hour" })
          const doomed = keyOf(yield* rowOf(other.id))
          for (let n = 0; n < 3; n++) yield* inbox.lease(doomed, 0, ended)
          yield* Processor.use((processor) => processor.drain)
          assert.deepInclude(yield* rowOf(other.id), {
            status: "dead_letter",
            attemptCount: 3,
            errorTag: "HandlerCrashed"
          })
        })
      )

      it.effect("time out, give up and skip like others, and decode what they are given", () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("outcomes")
          yield* serve(
            Subscriber.make({
              consumer: leased("outcomes", { timeout: 50, maxAttempts: 1 }),
              event: Happened,
              handler: ({ payload: { n } }) =>
                n === 0
                  ? Effect.never
                  : n === 1
                    ? Subscriber.skip("enough")
                    : n === 2
                      ? Subscriber.fatal("no")
                      : Effect.void
            })
          )
          const events = yield* Publisher.publishAll(happenings(4))
          const found = yield* Effect.forEach(events, ({ id }) => settled(id))
          assert.deepStrictEqual(
            found.map((row) => [row?.status, row?.attemptCount, row?.errorTag]),
            [
              ["dead_letter", 1, HandlerTimeout.name],
              ["skipped", 1, null],
              ["dead_letter", 1, "string"],
              ["processed", 1, null]
            ]
          )
        })
      )

      it.effect("are refused what they publish and link after their handler has ended", () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf("too-late")
          const hasEnded = yield* Deferred.make<void>()
          const refusals = yield* Deferred.make<ReadonlyArray<string>, unknown>()
          yield* serve(
            Subscriber.make({
              consumer: leased("too-late"),
              event: Happened,
              handler: (event) => {
                const link = LinkStore.create({ source: event.aggregate, target: copyOf(99), linkType: "reference" })
                const late = Effect.andThen(
                  Deferred.await(hasEnded),
                  Effect.all([Effect.flip(Publisher.publish(Followed, { n: 1 })), Effect.flip(link)])
                )
                const told = Effect.map(late, (errors) => errors.map((error) => `${error._tag}: ${error.message}`))
                return Effect.forkDetach(Effect.onExit(told, (exit) => Deferred.done(refusals, exit)))
              }
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          assert.strictEqual((yield* settled(event.id))?.status, "processed")
          yield* Deferred.succeed(hasEnded, undefined)
          for (const refusal of yield* Deferred.await(refusals)) {
            assert.match(refusal, /^StoreError: .*after the leased handler had ended/)
          }
          assert.isEmpty(yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 10)))
          assert.isEmpty(yield* LinkStore.findInbound(copyOf(99)))
        })
      )

      it.effect("keep the order of an aggregate, one at a time", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("in-order")
          const log: Array<number> = []
          let running = 0
          yield* serve(
            Subscriber.make({
              consumer: leased("in-order", { ordering: "aggregate", concurrency: 4 }),
              event: Happened,
              handler: Effect.fnUntraced(function* ({ attempt, payload }) {
                assert.strictEqual(++running, 1)
                yield* Effect.sleep("5 millis")
                running--
                if (payload.n === 3 && attempt === 1) return yield* Effect.fail("later")
                log.push(payload.n)
              })
            })
          )
          const events = [1, 2, 3, 4, 5, 6]
          const stored = yield* Effect.forEach(events, (n) =>
            Publisher.publish(Happened, { n }, { aggregateId: "one" })
          )
          for (const { id } of stored) assert.deepInclude(yield* settled(id), { status: "processed" })
          assert.deepStrictEqual(log, events)
        })
      )

      it.effect("handle one delivery of an aggregate at a time, also an earlier one that is requeued meanwhile", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("requeued-beside")
          const log: Array<string> = []
          const go = yield* Deferred.make<void>()
          yield* serve(
            Subscriber.make({
              consumer: leased("requeued-beside", { ordering: "aggregate", onDeadLetter: "continue", concurrency: 2 }),
              event: Happened,
              handler: Effect.fnUntraced(function* ({ payload: { n } }) {
                if (n === 1 && log.length === 0) return yield* Subscriber.fatal("not yet")
                log.push(`${n} begins`)
                if (n === 2) yield* Deferred.await(go)
                log.push(`${n} ends`)
              })
            })
          )
          const publish = (n: number) => Publisher.publish(Happened, { n }, { aggregateId: "one" })
          const first = yield* publish(1)
          const dead = yield* settled(first.id)
          const second = yield* publish(2)
          yield* until(
            Effect.sync(() => log),
            (lines) => lines.length > 0
          )
          yield* DeadLetters.use((letters) => letters.requeue(dead?.deliveryId ?? ""))
          // Found blocked, and parked.
          yield* until(rowOf(first.id), (row) => row?.status === "processed" || row?.dueInMillis === null)
          yield* Deferred.succeed(go, undefined)
          for (const { id } of [first, second]) assert.deepInclude(yield* settled(id), { status: "processed" })
          assert.deepStrictEqual(log, ["2 begins", "2 ends", "1 begins", "1 ends"])
        })
      )

      it.effect("begin nothing when their claim comes through after they are to stop", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("stopped")
          const inbox = yield* InboxStore
          const [isLeasing, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
          let runs = 0
          const scope = yield* Scope.make()
          yield* serve(
            Subscriber.make({
              consumer: leased("stopped"),
              event: Happened,
              handler: () =>
                Effect.sync(() => {
                  runs++
                })
            })
          ).pipe(Scope.provide(scope))
          // As where the only session of the database is in use.
          const { lease } = inbox
          Object.assign(inbox, {
            lease: (...given: Parameters<typeof lease>) =>
              Effect.andThen(
                Effect.andThen(Deferred.succeed(isLeasing, undefined), Deferred.await(go)),
                Effect.suspend(() => lease(...given))
              )
          })
          yield* Publisher.publish(Happened, { n: 1 })
          yield* Deferred.await(isLeasing)
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
          // Time to ask the worker to stop, and less than it is given to end.
          yield* Effect.sleep("50 millis")
          yield* Deferred.succeed(go, undefined)
          yield* Fiber.join(closing)
          Object.assign(inbox, { lease })
          assert.strictEqual(runs, 0)
          const [delivery] = yield* inbox.findByConsumer("stopped", undefined, 1)
          assert.deepInclude(delivery, { status: "received", attemptCount: 0 })
        })
      )

      it.effect("use no attempt when the answer to the commit of their lease is lost", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("lost-answer")
          const inbox = yield* InboxStore
          const transactor = yield* Transactor
          const { lease } = inbox
          const { abortableTransaction, withTransaction } = transactor
          let lost = 0
          const losing = <A, E, R>(transaction: Effect.Effect<A, E, R>) => {
            const mine = { hasLeased: false }
            return Effect.flatMap(Effect.provideService(transaction, Leasing, mine), (value) => {
              if (!mine.hasLeased || lost === 3) return Effect.succeed(value)
              lost++
              return Effect.fail(
                new StoreError({ operation: "transaction", reason: "lost", isRetryable: true, cause: undefined })
              )
            })
          }
          Object.assign(inbox, {
            lease: (...given: Parameters<typeof lease>) =>
              Effect.tap(lease(...given), () =>
                Effect.map(Leasing, (transaction) => {
                  transaction.hasLeased = true
                })
              )
          })
          Object.assign(transactor, {
            abortableTransaction: (...[effect, abort]: Parameters<typeof abortableTransaction>) =>
              losing(abortableTransaction(effect, abort)),
            withTransaction: (...[effect]: Parameters<typeof withTransaction>) => losing(withTransaction(effect))
          })
          const attempts: Array<number> = []
          yield* serve(
            Subscriber.make({
              consumer: leased("lost-answer", { maxAttempts: 1, concurrency: 2 }),
              event: Happened,
              handler: ({ attempt }) => Effect.sync(() => attempts.push(attempt))
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          assert.deepInclude(yield* settled(event.id), { status: "processed", attemptCount: 1 })
          Object.assign(inbox, { lease })
          Object.assign(transactor, { abortableTransaction, withTransaction })
          assert.strictEqual(lost, 3)
          assert.deepStrictEqual(attempts, [1])
        })
      )

      it.effect("give back what a shutdown interrupts, without an attempt", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("given-back")
          const started = yield* Deferred.make<void>()
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* Layer.build(
                Subscriber.layer(
                  Subscriber.make({
                    consumer: leased("given-back"),
                    event: Happened,
                    handler: () => Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
                  })
                )
              )
              yield* Publisher.publish(Happened, { n: 1 })
              yield* Deferred.await(started)
            })
          )
          const [delivery] = yield* InboxStore.use((inbox) => inbox.findByConsumer("given-back", undefined, 1))
          assert.deepInclude(delivery, { status: "received", attemptCount: 0 })
          assert.isAtMost(delivery?.dueInMillis ?? 1, 0)
        })
      )
    }
  )
})
