/** Deliveries that are given back: no attempt is counted, neighbours stay, order is kept; on every store and in both modes. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import {
  Consumer,
  DeadLetters,
  type DomainEvent,
  InboxStore,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, type Thing, unpolled, until } from "../support/scenario.ts"

const modes = ["transactional", "leased"] as const satisfies ReadonlyArray<Consumer.Mode>

const cases = runtimes.flatMap((runtime) => modes.map((mode) => ({ ...runtime, mode })))

const settled = (id: string) => Processor.use((processor) => processor.settled(id))

const settledAll = (events: ReadonlyArray<DomainEvent.Stored>) =>
  Effect.forEach(events, ({ id }) => settled(id), { discard: true })

/** Deliveries of a consumer, in the order of their events. */
const deliveriesOf = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, undefined, 100), (deliveries) =>
      deliveries.map(({ attemptCount, errorTag, lastError, status }) => [status, attemptCount, errorTag, lastError])
    )
  )

const linkFor = (event: DomainEvent.DomainEvent) =>
  LinkStore.create({
    source: event.aggregate,
    target: { module: "tests", entityType: "Copy", entityId: event.name },
    linkType: "reference"
  })

const linksOf = (name: string) =>
  LinkStore.use((links) =>
    Effect.map(links.findInbound({ module: "tests", entityType: "Copy", entityId: name }), ({ length }) => length)
  )

/** A consumer that is known before it is served: what is published then is in one batch. */
const registered = (consumer: Consumer.Consumer | string, event: Thing) =>
  Effect.scoped(serve(Subscriber.make({ consumer, event, handler: () => Effect.void })))

describe.each(cases)("on $name, $mode", ({ layer, mode }) => {
  const consumer = (name: string, options: Consumer.Options = {}) =>
    Consumer.make(`${name}-${mode}`, { mode, maxAttempts: 1, ...options })

  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("snoozing", (it) => {
    it.effect("uses up no attempt, however often, and rolls back what was written", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf(`snooze-${mode}`)
        const attempts: Array<number> = []
        yield* serve(
          Subscriber.make({
            consumer: consumer("snooze"),
            event: Happened,
            handler: Effect.fnUntraced(function* (event) {
              attempts.push(event.attempt)
              yield* linkFor(event)
              yield* Publisher.publish(Followed, { n: attempts.length })
              if (attempts.length < 4) return yield* Subscriber.snooze("100 millis", "out of reach")
            })
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* until(deliveriesOf(`snooze-${mode}`), ([delivery]) => delivery?.[2] === "Snoozed")
        yield* settled(event.id)
        assert.deepStrictEqual(attempts, [1, 1, 1, 1])
        assert.deepStrictEqual(yield* linksOf(Happened.name), 1)
        const followed = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 10))
        assert.deepStrictEqual(
          followed.map(({ payload }) => payload),
          [{ n: 4 }]
        )
        const [delivery] = yield* deliveriesOf(`snooze-${mode}`)
        assert.deepStrictEqual(delivery?.slice(0, 2), ["processed", 1])
        const [row] = yield* InboxStore.use((inbox) => inbox.findByEvent(event.id))
        assert.deepStrictEqual(
          row === undefined ? undefined : yield* InboxStore.use((inbox) => inbox.attempts(row)),
          []
        )
      })
    )

    it.effect("between attempts that fail it changes nothing of what they have counted", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`snooze-between-${mode}`)
        const attempts: Array<number> = []
        yield* serve(
          Subscriber.make({
            consumer: consumer("snooze-between", { maxAttempts: 2, retryBaseDelay: "100 millis" }),
            event: Happened,
            handler: Effect.fnUntraced(function* (event) {
              attempts.push(event.attempt)
              if (attempts.length === 2) return yield* Subscriber.snooze(100)
              return yield* Effect.fail("no")
            })
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* settled(event.id)
        assert.deepStrictEqual(attempts, [1, 2, 2])
        assert.deepStrictEqual((yield* deliveriesOf(`snooze-between-${mode}`))[0]?.slice(0, 2), ["dead_letter", 2])
      })
    )

    it.effect("an ordered consumer's later events of the aggregate wait, those of others do not", () =>
      Effect.gen(function* () {
        for (const delayed of ["hold", "pass"] as const) {
          const name = `snooze-order-${delayed}`
          const { Happened } = eventsOf(`${name}-${mode}`)
          const log: Array<number> = []
          let isReachable = false
          yield* serve(
            Subscriber.make({
              consumer: consumer(name, { ordering: "aggregate", delayed }),
              event: Happened,
              handler: Effect.fnUntraced(function* ({ payload: { n } }) {
                if (n === 1 && !isReachable) return yield* Subscriber.snooze("200 millis")
                log.push(n)
              })
            })
          )
          const aggregates = ["a", "a", "b", "a"]
          const events: Array<DomainEvent.Stored> = []
          for (const [index, aggregateId] of aggregates.entries()) {
            events.push(yield* Publisher.publish(Happened, { n: index + 1 }, { aggregateId }))
          }
          yield* until(
            Effect.sync(() => log.length),
            (length) => length === 1
          )
          yield* Effect.sleep(300)
          assert.deepStrictEqual(log, [3])
          isReachable = true
          yield* settledAll(events)
          assert.deepStrictEqual(log, [3, 1, 2, 4])
        }
      })
    )

    it.effect("cooling holds all that the consumer has until a time, and resuming ends it", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf(`cool-${mode}`)
        let isReachable = false
        let calls = 0
        yield* serve(
          Subscriber.make({
            consumer: consumer("cool"),
            event: Happened,
            handler: () => {
              calls++
              return isReachable ? Effect.void : Subscriber.cool("300 millis", "away")
            }
          })
        )
        const first = yield* Publisher.publish(Happened, { n: 0 })
        const isCooling = Processor.use((processor) =>
          Effect.map(
            processor.consumers,
            (all) => all.find((each) => each.consumer === `cool-${mode}`)?.coolUntil ?? null
          )
        )
        yield* until(isCooling, (at) => at !== null)
        const called = calls
        const others = yield* Publisher.publishAll(happenings(10))
        yield* Effect.sleep(50)
        assert.strictEqual(calls, called)
        isReachable = true
        // Woken by itself, without a poll.
        yield* settledAll([first, ...others])
        assert.strictEqual(calls, called + 11)
        isReachable = false
        const late = yield* Publisher.publish(Happened, { n: 20 })
        yield* InboxStore.use((inbox) =>
          until(inbox.findByEvent(late.id), ([delivery]) => delivery?.errorTag === "Snoozed")
        )
        yield* Processor.use((processor) => processor.pause(`cool-${mode}`))
        isReachable = true
        yield* Processor.use((processor) => processor.resume(`cool-${mode}`))
        assert.isNull(yield* isCooling)
        yield* settled(late.id)
      })
    )

    it.effect("a delay that is none makes a dead letter that says so", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`snooze-wrong-${mode}`)
        yield* serve(
          Subscriber.make({
            consumer: consumer("snooze-wrong"),
            event: Happened,
            handler: ({ payload: { n } }) => Subscriber.snooze(n === 1 ? Number.NaN : ("1000 years" as never))
          })
        )
        const events = yield* Publisher.publishAll(
          [1, 2].map((n) => ({ definition: Happened, payload: { n }, options: {} }))
        )
        yield* settledAll(events)
        const { deadLetters } = yield* DeadLetters.use((letters) => letters.list({ consumer: `snooze-wrong-${mode}` }))
        assert.strictEqual(deadLetters.length, 2)
        for (const { lastError } of deadLetters) assert.match(lastError ?? "", /delay of Subscriber\.snooze/)
      })
    )
  })
})

describe.each(runtimes)("in batches, on $name", ({ layer, name }) => {
  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("snoozing", (it) => {
    it.effect(
      "neighbours in a transaction stay: their handlers run once, unless something was written for what is given back",
      () =>
        Effect.gen(function* () {
          for (const writes of [false, true]) {
            const test = `snooze-neighbours-${writes}`
            const { Happened, happenings } = eventsOf(test)
            const calls = new Map<number, number>()
            yield* registered(test, Happened)
            const events = yield* Publisher.publishAll(happenings(10))
            yield* serve(
              Subscriber.make({
                consumer: Consumer.make(test, { maxAttempts: 1 }),
                event: Happened,
                handler: Effect.fnUntraced(function* (event) {
                  const { n } = event.payload
                  const called = (calls.get(n) ?? 0) + 1
                  calls.set(n, called)
                  if (writes) yield* linkFor(event)
                  if (n === 5 && called < 3) return yield* Subscriber.snooze("100 millis")
                  if (!writes) yield* linkFor(event)
                })
              })
            )
            yield* settledAll(events)
            assert.strictEqual(yield* linksOf(Happened.name), 10)
            assert.strictEqual(calls.get(5), 3)
            const others = [...calls].filter(([n]) => n !== 5).map(([, called]) => called)
            // PGlite's one session does not count its statements.
            if (name === "memory" || (!writes && name === "PostgreSQL"))
              assert.deepStrictEqual(new Set(others), new Set([1]))
          }
        })
    )

    it.effect(
      "what a handler that gives back wanted done after the commit is not done, and cooling ends the batch",
      () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("snooze-after")
          yield* registered("snooze-after", Happened)
          const events = yield* Publisher.publishAll(happenings(10))
          const calls: Array<number> = []
          const done: Array<number> = []
          let isReachable = false
          yield* serve(
            Subscriber.make({
              consumer: "snooze-after",
              event: Happened,
              handler: Effect.fnUntraced(function* ({ payload: { n } }) {
                calls.push(n)
                const transactor = yield* Transactor
                if (n === 3) yield* transactor.afterCommit(Effect.sync(() => done.push(n)))
                if (n === 3 && !isReachable) return yield* Subscriber.cool("300 millis")
              })
            })
          )
          yield* until(
            Effect.sync(() => calls.length),
            (length) => length > 3
          )
          yield* Effect.sleep(100)
          assert.deepStrictEqual([done, calls.filter((n) => n > 3)], [[], []])
          isReachable = true
          yield* settledAll(events)
          assert.deepStrictEqual(done, [3])
        })
    )

    it.effect("a batch handler gives back some of its events, or all, and the others are processed", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("snooze-batch")
        const seen: Array<ReadonlyArray<number>> = []
        yield* registered("snooze-batch", Happened)
        const events = yield* Publisher.publishAll(happenings(6))
        let refusals = 0
        yield* serve(
          Subscriber.batch({
            consumer: Consumer.make("snooze-batch", { maxAttempts: 1 }),
            event: Happened,
            handler: Effect.fnUntraced(function* (all) {
              if (refusals++ === 0) return yield* Subscriber.snooze("100 millis", "all of them")
              seen.push(all.map(({ payload: { n } }) => n))
              return all.map((event) =>
                event.payload.n === 2 && seen.length < 3
                  ? Subscriber.snoozed(event, "100 millis", "this one")
                  : Subscriber.processed(event)
              )
            })
          })
        )
        yield* settledAll(events)
        const handled = seen.flat()
        assert.deepStrictEqual(new Set(handled), new Set([0, 1, 2, 3, 4, 5]))
        assert.isAtLeast(handled.filter((n) => n === 2).length, 2)
        if (name !== "memory") {
          assert.deepStrictEqual(handled.filter((n) => n !== 2).toSorted(), [0, 1, 3, 4, 5])
        }
        const counted = (yield* deliveriesOf("snooze-batch")).map(([status, attempts]) => [status, attempts])
        assert.deepStrictEqual(
          counted,
          Array.from({ length: 6 }, () => ["processed", 1])
        )
      })
    )

    it.effect("an ordered batch keeps its order when an event is given back before a later one of its aggregate", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("snooze-batch-order")
        let isReachable = false
        const consumer = Consumer.make("snooze-batch-order", { ordering: "aggregate", maxAttempts: 1 })
        yield* registered(consumer, Happened)
        const events: Array<DomainEvent.Stored> = []
        for (const [index, aggregateId] of ["a", "b", "a", "b"].entries()) {
          events.push(yield* Publisher.publish(Happened, { n: index }, { aggregateId }))
        }
        yield* serve(
          Subscriber.batch({
            consumer,
            event: Happened,
            handler: (all) =>
              Effect.gen(function* () {
                for (const event of all) yield* linkFor(event)
                return all.map((event) =>
                  event.payload.n === 0 && !isReachable
                    ? Subscriber.snoozed(event, "100 millis")
                    : Subscriber.processed(event)
                )
              })
          })
        )
        const statuses = Effect.map(deliveriesOf("snooze-batch-order"), (all) => all.map(([status]) => status))
        yield* until(statuses, (all) => all[1] === "processed" && all[3] === "processed")
        yield* Effect.sleep(250)
        assert.deepStrictEqual(yield* statuses, ["received", "processed", "received", "processed"])
        isReachable = true
        yield* settledAll(events)
        assert.strictEqual(yield* linksOf(Happened.name), 2)
      })
    )
  })
})
