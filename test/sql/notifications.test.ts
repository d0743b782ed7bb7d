/** What processes tell each other. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Queue } from "effect"
import { Broadcast, Integration, Notifier, OutboxStore, Publisher, Transactor } from "../../src/index.ts"
import { newEvent, subscribe } from "../../src/testing/conformance/support.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, services, unpolled } from "../support/scenario.ts"

const notification = { channel: "effect_integration_test", from: "somebody" }

layer(services(postgres()), { excludeTestServices: true, timeout: "60 seconds" })("an inline notification", (it) => {
  it.effect("tells who consumes the event, with the event, or nobody", () =>
    Effect.gen(function* () {
      const outbox = yield* OutboxStore
      const client = yield* PgClient.PgClient
      const arrived = yield* client.listen(notification.channel)
      const heard = Effect.map(Queue.take(arrived), ({ payload }) => JSON.parse(payload))
      const consumers = (count: number) =>
        Array.from({ length: count }, (_, n) => `consumer-${n}-${"x".repeat(200)}`).toSorted()
      const [few, many] = [consumers(2), consumers(50)]
      yield* subscribe("few", ...few)
      yield* subscribe("many", ...many)
      yield* outbox.append([newEvent("nobody")], notification)
      yield* outbox.append([newEvent("few")], notification)
      assert.deepStrictEqual(yield* heard, { from: "somebody", wake: few })
      // More than a notification holds: any consumer may have work.
      yield* outbox.append([newEvent("many")], notification)
      assert.deepStrictEqual(yield* heard, { from: "somebody" })
    })
  )

  it.effect("is told of once, whether it comes with the event or after it", () =>
    Effect.gen(function* () {
      const client = yield* PgClient.PgClient
      const [row] = yield* client<{
        channel: string
      }>`SELECT 'effect_integration_' || md5('inbox_event'::regclass::oid::text) AS channel`
      const arrived = yield* client.listen(row?.channel ?? "")
      // Somebody to tell: else nothing is sent at all.
      yield* Layer.build(Layer.fresh(Integration.layer({ settings: unpolled })))
      const { Followed, Happened, happenings } = eventsOf("told")
      yield* subscribe(Happened.name, "told-of-one")
      yield* subscribe(Followed.name, "told-of-another")
      const next = Effect.gen(function* () {
        for (;;) {
          const { payload, processId } = yield* Queue.take(arrived)
          const { wake } = JSON.parse(payload)
          if (wake !== undefined) return { wake, processId }
        }
      })
      // The other process may not have been heard of yet, and then nobody is told.
      const lone = yield* Effect.andThen(Publisher.publish(Happened, { n: 1 }), next).pipe(
        Effect.timeout("5 seconds"),
        Effect.retry({ times: 10 })
      )
      assert.deepStrictEqual(lone.wake, ["told-of-one"])
      yield* Publisher.publishAll(happenings(2))
      const after = yield* next
      assert.deepStrictEqual(after.wake, ["told-of-one"])
      // The connection that stored the event, not the one that tells of others.
      assert.notStrictEqual(lone.processId, after.processId)
      // Nothing of the above was left to be told.
      yield* Publisher.publish(Followed, { n: 1 })
      assert.deepStrictEqual((yield* next).wake, ["told-of-another"])
    })
  )

  it.effect("of somebody else that has another form wakes everybody, and costs no connection", () =>
    Effect.gen(function* () {
      const client = yield* PgClient.PgClient
      const notifier = yield* Notifier
      const [row] = yield* client<{
        channel: string
      }>`SELECT 'effect_integration_' || md5('inbox_event'::regclass::oid::text) AS channel`
      const arrived = yield* client.listen(row?.channel ?? "")
      for (const wake of ["5", '"formless"', "[1]", "{}"]) {
        const woken = yield* Effect.forkScoped(notifier.wait("formless"), { startImmediately: true })
        yield* client`SELECT pg_notify(${row?.channel ?? ""}, ${`{"from":"somebody","wake":${wake}}`})`
        yield* Fiber.join(woken)
      }
      // A connection that was lost is followed by another, which says hello.
      yield* client`SELECT pg_notify(${row?.channel ?? ""}, 'the end')`
      const said: Array<string> = []
      for (let last = ""; last !== "the end"; said.push(last)) last = (yield* Queue.take(arrived)).payload
      assert.isEmpty(said.filter((payload) => payload.includes("hello")))
    })
  )

  it.effect("is given to lone events only, and one that is refused does not keep the event from being stored", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("refused")
      const said: Array<string> = []
      const broadcast = Layer.succeed(Broadcast, {
        send: (consumers) => Effect.sync(() => said.push(`sent to ${[...consumers]}`)),
        // PostgreSQL takes no channel of this length, as it takes no notification while its queue is full.
        ofOthers: { offer: () => undefined, whenCommitted: () => Effect.void },
        withInlineNotification: (store) =>
          Effect.suspend(() => {
            said.push("offered")
            return store({ channel: "x".repeat(100), from: "somebody" })
          }),
        receive: () => Effect.void,
        receiveInserts: () => Effect.void,
        isListening: Effect.succeed(false),
        setPeers: () => Effect.void
      })
      yield* subscribe(Happened.name, "unrefused")
      const stored = yield* Effect.gen(function* () {
        yield* Publisher.publishAll(happenings(2))
        yield* Transactor.withTransaction(Publisher.publish(Happened, { n: 1 }))
        assert.deepStrictEqual(said, ["sent to unrefused", "sent to unrefused"])
        return yield* Publisher.publish(Happened, { n: 2 })
      }).pipe(
        Effect.provide(Publisher.layer().pipe(Layer.provide(Notifier.layer), Layer.provide(broadcast), Layer.fresh))
      )
      assert.deepStrictEqual(said.slice(2), ["offered", "sent to unrefused"])
      assert.deepStrictEqual(stored.consumers, ["unrefused"])
      assert.isDefined(yield* OutboxStore.use((store) => store.findById(stored.id)))
    })
  )
})
