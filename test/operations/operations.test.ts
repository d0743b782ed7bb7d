/** Operations: dead letters by the thousand, requeued or discarded by whoever runs. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import {
  Audit,
  Consumer,
  DeadLetters,
  InboxStore,
  type Operation,
  Operations,
  Processor,
  Publisher,
  SettingStore,
  Subscriber
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

/** Publishes events whose handler fails as long as `fails` says so, until all have given up. */
const withDead = Effect.fnUntraced(function* (name: string, count: number, options: Consumer.Options = {}) {
  const { Happened, happenings } = eventsOf(name)
  const state = { fails: (_: number) => true, handled: [] as Array<number> }
  yield* serve(
    Subscriber.make({
      consumer: Consumer.make(name, { maxAttempts: 1, ...options }),
      event: Happened,
      handler: ({ payload }) =>
        state.fails(payload.n)
          ? Effect.fail(new Error(`broken ${payload.n}`))
          : Effect.sync(() => {
              state.handled.push(payload.n)
            })
    })
  )
  yield* Publisher.publishAll(happenings(count))
  yield* until(rowsOf(name), (found) => found.length === count && found.every((row) => !row.isOpen))
  return { state, Happened }
})

const rowsOf = (consumer: string) => InboxStore.use((inbox) => inbox.findByConsumer(consumer, undefined, 1000))

const statusesOf = (consumer: string) =>
  Effect.map(rowsOf(consumer), (rows) => Object.groupBy(rows, ({ status }) => status)).pipe(
    Effect.map((groups) => Object.fromEntries(Object.entries(groups).map(([status, each]) => [status, each?.length])))
  )

const ended = (id: string) =>
  Operations.use((operations) => until(operations.get(id), ({ finishedAt }) => finishedAt !== null))

const figures = ({ done, failedAgain, isTotalExact, open, settled, state, total }: Operation) => ({
  state,
  total,
  isTotalExact,
  done,
  settled,
  failedAgain,
  open
})

const messageOf = (question: Effect.Effect<unknown, { readonly message: string }>) =>
  Effect.map(Effect.flip(question), (error) => error.message)

const ana = Effect.provideService(Audit.CurrentActor, { name: "ana", role: "operator" })

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } }), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("operations", (it) => {
    it.effect("requeue what had given up by the cut-off, and say what became of it", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.requeued", 7)
        const operations = yield* Operations
        const filter = { consumer: "op.requeued" }
        const preview = yield* operations.preview({ kind: "requeue", filter })
        assert.deepInclude(preview, { count: 7, isExact: true, ordered: [] })
        // Two fail again: they are not swept along.
        state.fails = (n) => n >= 5
        const started = yield* operations.start({ kind: "requeue", filter })
        assert.deepInclude(started, { total: 7, isTotalExact: true, by: "application", pace: null })
        assert.deepStrictEqual(figures(yield* ended(started.id)), {
          state: "finished",
          total: 7,
          isTotalExact: true,
          done: 7,
          settled: 5,
          failedAgain: 2,
          open: 0
        })
        assert.deepStrictEqual(yield* statusesOf("op.requeued"), { processed: 5, dead_letter: 2 })
        // What shares a transaction with one that fails is handled again.
        assert.sameMembers([...new Set(state.handled)], [0, 1, 2, 3, 4])
      })
    )

    it.effect("take nothing that gave up after the cut-off, nor what a person took before", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.cut", 4)
        const letters = yield* DeadLetters
        const operations = yield* Operations
        const filter = { consumer: "op.cut" }
        const [{ gaveUpAt } = { gaveUpAt: new Date() }] = (yield* letters.list({ ...filter, limit: 1 })).deadLetters
        const early = yield* operations.start({ kind: "requeue", filter, cutOff: gaveUpAt.getTime() - 3_600_000 })
        assert.deepInclude(figures(yield* ended(early.id)), { state: "finished", total: 0, done: 0 })
        yield* Processor.use((processor) => processor.pause("op.cut"))
        state.fails = () => false
        const [first] = yield* rowsOf("op.cut")
        yield* letters.requeue(first?.deliveryId ?? "")
        const { id } = yield* operations.start({ kind: "requeue", filter })
        const waiting = yield* until(operations.get(id), ({ done }) => done === 3)
        assert.deepInclude(figures(waiting), { state: "running", done: 3, open: 3, settled: 0 })
        yield* Processor.use((processor) => processor.resume("op.cut"))
        assert.deepInclude(figures(yield* ended(id)), { done: 3, settled: 3, open: 0 })
      })
    )

    it.effect("wait for a canary, and leave the others alone when it fails again", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.canary", 8)
        const operations = yield* Operations
        const filter = { consumer: "op.canary" }
        const failing = yield* operations.start({ kind: "requeue", filter, canary: 5 })
        assert.strictEqual(failing.state, "canary")
        const failed = yield* ended(failing.id)
        assert.deepInclude(figures(failed), { state: "canary-failed", done: 5, failedAgain: 5 })
        assert.deepStrictEqual(yield* statusesOf("op.canary"), { dead_letter: 8 })
        state.fails = () => false
        const { id } = yield* operations.start({ kind: "requeue", filter, canary: 1 })
        assert.deepInclude(figures(yield* ended(id)), { state: "finished", done: 8, settled: 8, failedAgain: 0 })
      })
    )

    it.effect("end a canary at its first failed attempt, not when it gave up", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.retried", 3, { maxAttempts: 2, retryBaseDelay: 100 })
        yield* Processor.use((processor) => processor.pause("op.retried"))
        const operations = yield* Operations
        const { id } = yield* operations.start({ kind: "requeue", filter: { consumer: "op.retried" }, canary: 1 })
        yield* until(operations.get(id), ({ done }) => done === 1)
        state.fails = () => true
        yield* Processor.use((processor) => processor.resume("op.retried"))
        const failed = yield* until(operations.get(id), (found) => found.state !== "canary")
        assert.deepInclude(figures(failed), { state: "canary-failed", done: 1, failedAgain: 1 })
      })
    )

    it.effect("discard, with a reason, and let go on what waits behind it", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.discarded", 3)
        const operations = yield* Operations
        const request = { kind: "discard", filter: { consumer: "op.discarded" }, reason: "sent twice" } as const
        const { id } = yield* operations.start(request)
        assert.deepInclude(figures(yield* ended(id)), { state: "finished", done: 3, settled: 3, open: 0 })
        const rows = yield* rowsOf("op.discarded")
        assert.deepStrictEqual(
          rows.map(({ errorTag, lastError, status }) => [status, errorTag, lastError]),
          Array.from({ length: 3 }, () => ["skipped", "Discarded", "sent twice"])
        )
        assert.isEmpty(state.handled)
      })
    )

    it.effect("go at a pace, and stop when somebody says so", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.stopped", 5)
        state.fails = () => false
        const operations = yield* Operations
        const { id } = yield* operations.start({ kind: "requeue", filter: { consumer: "op.stopped" }, pace: 0.001 })
        yield* until(operations.get(id), ({ done }) => done > 0)
        yield* ana(operations.stop(id, "enough"))
        const stopped = yield* ended(id)
        assert.deepInclude(figures(stopped), { state: "stopped", total: 5, done: 1, settled: 1 })
        assert.strictEqual(stopped.stoppedBy, "ana")
        assert.strictEqual((yield* operations.stop(id)).state, "stopped")
        assert.deepStrictEqual(yield* statusesOf("op.stopped"), { processed: 1, dead_letter: 4 })
        const { entries } = yield* Audit.use((audit) => audit.list({ target: id }))
        assert.deepStrictEqual(
          entries.map(({ action, affected, reason, who }) => [who, action, affected, reason]),
          [
            ["ana", "operations.stop", 1, "enough"],
            ["application", "operations.requeue", 5, null]
          ]
        )
      })
    )

    it.effect("name a consumer that there is none of, and take nothing of one that has no dead letters", () =>
      Effect.gen(function* () {
        yield* withDead("op.spelt", 1)
        const operations = yield* Operations
        const request = (consumer: string) => ({ kind: "discard", filter: { consumer } }) as const
        for (const ask of [operations.preview(request("op.spetl")), operations.start(request("op.spetl"))]) {
          const error = yield* Effect.flip<unknown, { readonly _tag: string; readonly message: string }, never>(ask)
          assert.strictEqual(error._tag, "ConsumerNotFound")
          assert.strictEqual(
            error.message,
            'There is no consumer "op.spetl". Did you mean "op.spelt"? Consumers exist from the first registration of a subscriber on.'
          )
        }
        const { id } = yield* operations.start(request("op.spelt"))
        yield* ended(id)
        assert.strictEqual((yield* operations.preview(request("op.spelt"))).count, 0)
      })
    )

    it.effect("say what is wrong with a request", () =>
      Effect.gen(function* () {
        const operations = yield* Operations
        const start = (request: object) =>
          messageOf(operations.start({ kind: "requeue", filter: {}, ...request } as never))
        assert.deepStrictEqual(
          yield* Effect.all([
            start({ pce: 5 }),
            start({ kind: "replay" }),
            start({ pace: 0 }),
            start({ pace: 1e-300 }),
            start({ pace: Number.NaN }),
            start({ canary: 3 }),
            start({ kind: "discard", canary: 1 }),
            start({ filter: undefined }),
            start({ filter: { consumer: undefined } }),
            start({ filter: { consumr: "a" } }),
            start({ cutOff: "soon" }),
            start({ reason: 5 }),
            messageOf(operations.get("nobody")),
            messageOf(operations.stop("00000000-0000-4000-8000-000000000000")),
            messageOf(operations.list({ limit: 0 })),
            messageOf(operations.list({ state: "done" as never })),
            messageOf(operations.list({ after: "x" }))
          ]),
          [
            "Operations.start: option pce is not supported by this version and would have no effect. Did you mean pace? Supported: kind, filter, cutOff, canary, pace, reason.",
            "Option kind of an operation is replay, expected requeue or discard.",
            "Option pace of an operation is 0, expected a number of deliveries per second, at least 1/3600 (one per hour); left out, it goes as fast as it can.",
            "Option pace of an operation is 1e-300, expected a number of deliveries per second, at least 1/3600 (one per hour); left out, it goes as fast as it can.",
            "Option pace of an operation is NaN, expected a number of deliveries per second, at least 1/3600 (one per hour); left out, it goes as fast as it can.",
            "Option canary of an operation is 3, expected one of 0, 1, 5, 20.",
            "Option canary of an operation is 1, expected 0 for discard: what is discarded cannot fail again.",
            "Option filter of dead letters is undefined, expected a filter, {} for all there are.",
            "Option consumer of dead letters is undefined, expected the name of a consumer; left out, it covers all.",
            'Option "consumr" of dead letters is a, expected one of deliveryIds, consumer, eventName, errorTag, fingerprint, isUndecodable, aggregate, since, until.',
            "Option cutOff of an operation is soon, expected a time.",
            "Option reason of an operation is 5, expected a text.",
            "No operation nobody in integration_operation. It was never started, or ended more than 30 days ago.",
            "No operation 00000000-0000-4000-8000-000000000000 in integration_operation. It was never started, or ended more than 30 days ago.",
            "Option limit of Operations.list is 0, expected an integer from 1 to 1000.",
            "Option state of Operations.list is done, expected one of canary, running, finished, stopped, canary-failed.",
            "Option after of Operations.list is x, expected the next of an earlier page."
          ]
        )
        const future = yield* start({ cutOff: Date.now() + 3_600_000 })
        assert.match(
          future,
          /^Option cutOff of an operation is .*Z, expected a time that has come: the store's clock says .*Z\.$/
        )
      })
    )

    it.effect("are not the only thing that is written down", () =>
      Effect.gen(function* () {
        yield* withDead("op.audited", 3)
        const [audit, letters, processor] = [yield* Audit, yield* DeadLetters, yield* Processor]
        const [first, second] = yield* rowsOf("op.audited")
        const act = Effect.gen(function* () {
          yield* processor.pause("op.audited", { reason: "it fails" })
          yield* letters.requeue(first?.deliveryId ?? "")
          // Nothing is changed, and nothing written down.
          yield* letters.requeue(first?.deliveryId ?? "")
          yield* letters.discard(second?.deliveryId ?? "", { reason: "not needed" })
          yield* letters.requeueAll({ consumer: "op.audited" })
          yield* letters.discardAll({ consumer: "op.audited" })
          yield* processor.resume("op.audited")
          yield* SettingStore.use((settings) => settings.set("op.audited", 5))
          yield* audit.record({ action: "test.refused", target: "all", outcome: "refused" })
        })
        const who = `eve-${crypto.randomUUID()}`
        yield* Effect.provideService(act, Audit.CurrentActor, { name: who, role: "operator" })
        const { entries, next } = yield* audit.list({ who })
        assert.isUndefined(next)
        assert.deepStrictEqual(
          entries.map(({ action, affected, outcome, reason, target }) => [action, target, affected, reason, outcome]),
          [
            ["test.refused", "all", null, null, "refused"],
            ["settings.change", "op.audited", 1, null, "done"],
            ["consumers.resume", "op.audited", null, null, "done"],
            ["deadLetters.requeueAll", '{"consumer":"op.audited"}', 1, null, "done"],
            ["deadLetters.discard", second?.deliveryId, 1, "not needed", "done"],
            ["deadLetters.requeue", first?.deliveryId, 1, null, "done"],
            ["consumers.pause", "op.audited", null, "it fails", "done"]
          ]
        )
        assert.isTrue(entries.every(({ role }) => role === "operator"))
        assert.deepStrictEqual(
          yield* Effect.all([messageOf(audit.list({ limit: 5000 })), messageOf(audit.list({ after: "x" }))]),
          [
            "Option limit of Audit.list is 5000, expected an integer from 1 to 1000.",
            "Option after of Audit.list is x, expected the next of an earlier page."
          ]
        )
      })
    )

    it.effect("keep the order of an ordered consumer", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("op.ordered", 6, { ordering: "aggregate" })
        const operations = yield* Operations
        const filter = { consumer: "op.ordered" }
        assert.deepStrictEqual((yield* operations.preview({ kind: "requeue", filter })).ordered, ["op.ordered"])
        state.fails = () => false
        const { id } = yield* operations.start({ kind: "requeue", filter, pace: 1000 })
        yield* ended(id)
        assert.lengthOf(state.handled, 6)
      })
    )

    it.effect("are listed, the last first", () =>
      Effect.gen(function* () {
        const operations = yield* Operations
        const ids: Array<string> = []
        for (let n = 0; n < 3; n++) {
          const { id } = yield* operations.start({ kind: "requeue", filter: { errorTag: "NobodyFailsSo" } })
          yield* ended(id)
          ids.unshift(id)
        }
        const first = yield* operations.list({ limit: 2 })
        const second = yield* operations.list({ limit: 1, after: first.next ?? "" })
        assert.deepStrictEqual(
          [...first.operations, ...second.operations].map(({ id }) => id),
          ids
        )
      })
    )
  })
})
