/** Whether a process is alive, and whether it is ready: each reason is provoked. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import {
  Consumer,
  Health,
  type HealthReport,
  InboxStore,
  Integration,
  Processor,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import { createIntegration } from "../../src/promise/PromiseApi.ts"
import { clientFor, postgres, runtimes, uniqueSchema, withSchema } from "../support/databases.ts"
import { examined, findingsOf, subscribed } from "../support/doctors.ts"
import { faultProxy } from "../support/faultProxy.ts"
import { eventsOf, serve, services, unpolled, until } from "../support/scenario.ts"

const live = Health.use((health) => health.live)

const ready = Health.use((health) => health.ready())

const readyWithin = (maxLagMillis: number) => Health.use((health) => health.ready({ maxLagMillis }))

const isHealthy = (report: HealthReport) => report.isHealthy

/** What is not healthy, with what is said of it. */
const wrong = ({ reasons }: HealthReport) =>
  reasons.filter((reason) => !reason.isHealthy).map(({ detail, id }) => `${id}: ${detail}`)

describe.each(runtimes)("on $name", ({ layer, name }) => {
  const runtime = layer({ settings: unpolled })

  it.live("a process that works is alive and ready", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("ready")
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("ready", { concurrency: 2 }),
          event: Happened,
          handler: () => Effect.void
        })
      )
      const report = yield* readyWithin(60_000)
      assert.deepStrictEqual(
        report.reasons.map(({ id }) => id),
        ["store", ...(name === "memory" ? [] : ["schema"]), "delivery", "startup", "shutdown", "lag"]
      )
      assert.deepStrictEqual(wrong(report), [])
      assert.isTrue(report.isHealthy)
      assert.include(
        report.reasons.map(({ detail }) => detail),
        "The poller and 2 workers run."
      )
      assert.notMatch(JSON.stringify(report), /postgres:|SELECT|127\.0\.0\.1/)
      assert.isTrue(yield* Effect.map(live, isHealthy))
    }).pipe(Effect.scoped, Effect.provide(runtime))
  )

  it.live("it is not ready while it drains what was due at its start, nor while it waits for handlers at its end", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("drains")
      const [begun, goOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const [again, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const handler = ({ payload }: { readonly payload: { readonly n: number } }) =>
        payload.n === 1
          ? Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(goOn))
          : Effect.andThen(Deferred.succeed(again, undefined), Deferred.await(end))
      // Outside of transactions, of which PGlite has one at a time.
      const consumer = Consumer.make("drains", { mode: "leased" })
      yield* subscribed("drains", Happened.name)
      yield* Publisher.publish(Happened, { n: 1 })
      const scope = yield* Scope.make()
      const serving = yield* Effect.forkChild(
        Scope.provide(serve(Subscriber.make({ consumer, event: Happened, handler })), scope)
      )
      yield* Deferred.await(begun)
      assert.deepStrictEqual(wrong(yield* ready), ["startup: What was due at the start is drained."])
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(serving)
      assert.deepStrictEqual(wrong(yield* ready), [])
      yield* Publisher.publish(Happened, { n: 2 })
      yield* Deferred.await(again)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* until(ready, (report) => !report.isHealthy)
      assert.deepStrictEqual(wrong(yield* ready), ["shutdown: Handlers that run are waited for."])
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(wrong(yield* ready), [])
    }).pipe(Effect.provide(runtime))
  )

  it.live("it is not ready when its poller or a worker has ended, and the doctor says so", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("ended")
      yield* serve(Subscriber.make({ consumer: "ended", event: Happened, handler: () => Effect.void }))
      // An interruption from inside is the one thing that ends a loop.
      yield* InboxStore.use((inbox) =>
        Effect.sync(() => Object.assign(inbox, { poll: () => Effect.interrupt, nextDue: () => Effect.interrupt }))
      )
      yield* Processor.use((processor) => processor.pollNow)
      yield* Publisher.publish(Happened, { n: 1 })
      const words = ["The poller has ended.", 'Of 1 worker of consumer "ended", 0 run.'].join(" ")
      yield* until(ready, (report) => wrong(report).includes(`delivery: ${words}`))
      const [stalled] = findingsOf(yield* examined(), "delivery-stalled")
      assert.strictEqual(stalled?.detail, words)
      assert.isTrue(yield* Effect.map(live, isHealthy))
    }).pipe(Effect.scoped, Effect.provide(runtime))
  )

  it.live("what waits for long counts when that is asked for, unless its consumer is paused", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("lags")
      yield* serve(Subscriber.make({ consumer: "lags", event: Happened, handler: () => Effect.void }))
      yield* subscribed("somebody else's", Happened.name)
      yield* Publisher.publish(Happened, { n: 1 })
      const late = yield* until(readyWithin(0), (report) => !report.isHealthy)
      assert.match(
        wrong(late).join(),
        /^lag: The oldest delivery of consumer "lags" has been due for \d+ millisec\w+\.$/
      )
      assert.deepStrictEqual(wrong(yield* ready), [])
      assert.deepStrictEqual(wrong(yield* readyWithin(3_600_000)), [])
      yield* Processor.use((processor) => processor.pause("lags"))
      assert.deepStrictEqual(wrong(yield* readyWithin(0)), [])
      for (const maxLagMillis of [-1, Number.NaN]) {
        assert.match((yield* Effect.flip(readyWithin(maxLagMillis))).message, /maxLagMillis of Health\.ready/)
      }
      const misspelt = yield* Effect.flip(Health.use((health) => health.ready({ maxLag: 1 } as object)))
      assert.match(misspelt.message, /maxLagMillis/)
    }).pipe(Effect.scoped, Effect.provide(layer({ settings: { ...unpolled, processorEnabled: false } })))
  )
})

it("behind promises, as the doctor", async () => {
  const integration = createIntegration({ memory: true })
  await integration.start()
  assert.isTrue((await integration.health.ready({ maxLagMillis: 1000 })).isHealthy)
  assert.isTrue((await integration.health.live()).isHealthy)
  assert.deepStrictEqual((await integration.doctor()).findings, [])
  await integration.stop()
})

it.live("it is not alive when code holds up its event loop", () =>
  Effect.gen(function* () {
    const asked = yield* Effect.forkChild(live, { startImmediately: true })
    yield* Effect.sync(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200))
    assert.match(wrong(yield* Fiber.join(asked)).join(), /^event-loop: It was late by 1 second: /)
    assert.isTrue(yield* Effect.map(live, isHealthy))
  }).pipe(Effect.provide(Integration.layerMemory()))
)

it.live("it is not ready when the tables do not fit", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`DELETE FROM integration_migration WHERE migration_id > 10`
    assert.match(
      wrong(yield* ready).join(),
      /^schema: The integration tables are at version 10, this version needs \d+\./
    )
  }).pipe(Effect.provide(services(postgres())))
)

it.live("it is not ready while its database says nothing, and is when it is back; it stays alive", () =>
  Effect.gen(function* () {
    const schema = uniqueSchema()
    const proxy = yield* faultProxy(inject("postgresUrl"))
    yield* Layer.build(Layer.provide(withSchema(schema), clientFor(schema)))
    const context = yield* Layer.build(
      Layer.provide(Integration.layer({ settings: unpolled }), clientFor(schema, { url: proxy.url }))
    )
    yield* Effect.gen(function* () {
      assert.isTrue(yield* Effect.map(ready, isHealthy))
      proxy.silence()
      // Many ask at once, and wait for the same answer.
      const reports = yield* Effect.all([ready, ready, readyWithin(0)], { concurrency: "unbounded" })
      for (const report of reports) {
        assert.deepStrictEqual(wrong(report), ["store: It did not answer within 1 second."])
      }
      assert.isTrue(yield* Effect.map(live, isHealthy))
      yield* until(ready, isHealthy)
    }).pipe(Effect.provideContext(context))
  }).pipe(Effect.scoped)
)
