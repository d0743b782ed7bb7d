/** Handlers that do not come to an end in time. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Context, Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  InboxStore,
  Integration,
  Processor,
  Publisher,
  SqlCapabilities,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, serve, services, settledAll, unpolled, until } from "../support/scenario.ts"

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("failures", (it) => {
    it.effect("a handler that never returns times out, and the others go on", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("never")
        const { singleSession } = yield* SqlCapabilities
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("never", { maxAttempts: 1, timeout: "200 millis" }),
            event: Happened,
            handler: (event) => (event.payload.n === 1 ? Effect.never : note("never", event))
          })
        )
        yield* settledAll(happenings(3))
        const rows = yield* deliveries("never")
        assert.deepStrictEqual(
          rows.map((_) => [_.status, _.attempts, _.tag]),
          [
            ["processed", 1, null],
            ["dead_letter", 1, "HandlerTimeout"],
            ["processed", 1, null]
          ]
        )
        assert.include(
          rows[1]?.error,
          'The handler of consumer "never" for "never.happened" did not finish within 200 ms.'
        )
        assert.strictEqual(rows[1]?.error?.includes("single session"), singleSession)
      })
    )
  })
})

layer(services(databases[1].layer), { excludeTestServices: true, timeout: "60 seconds" })(
  "PGlite's single session",
  (it) => {
    it.effect("a handler that waits for the session its own batch holds times out, and the process goes on", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("session")
        const sql = yield* SqlClient.SqlClient
        // A query outside the delivery's transaction, as code that left the handler's fiber makes it.
        const elsewhere = Effect.updateContext(sql`SELECT 1`, (context: Context.Context<never>) =>
          Context.omit(sql.transactionService)(context)
        )
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("session", { maxAttempts: 1, timeout: "300 millis" }),
            event: Happened,
            handler: (event) => (event.payload.n === 1 ? elsewhere : note("session", event))
          })
        )
        yield* settledAll(happenings(4))
        const rows = yield* deliveries("session")
        assert.deepStrictEqual(yield* noted("session"), [0, 2, 3])
        assert.deepInclude(rows[1], { status: "dead_letter", attempts: 1, tag: "HandlerTimeout" })
        assert.include(
          rows[1]?.error,
          "This database has a single session, held by the transaction of this handler's batch"
        )
      })
    )

    it.effect("a leased handler that takes too long is in no transaction, and its error blames none", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("leased-session")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("leased-session", { mode: "leased", maxAttempts: 1, timeout: "50 millis" }),
            event: Happened,
            handler: () => Effect.never
          })
        )
        yield* settledAll(happenings(1))
        const [row] = yield* deliveries("leased-session")
        assert.strictEqual(
          row?.error,
          'HandlerTimeout: The handler of consumer "leased-session" for "leased-session.happened" did not finish within 50 ms. Make it faster, or raise the consumer\'s timeout.'
        )
      })
    )
  }
)

describe("a handler that is interrupted at a shutdown", () => {
  it.live("has ended before its delivery is free, also when that takes a moment", () => {
    const { Happened, happenings } = eventsOf("ending")
    let hasEnded = false
    return Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const outer = yield* Effect.scope
      const closing = Effect.andThen(
        Effect.sleep("100 millis"),
        Effect.sync(() => {
          hasEnded = true
        })
      )
      const handler = () =>
        Effect.andThen(Deferred.succeed(begun, undefined), Effect.never).pipe(Effect.onInterrupt(() => closing))
      yield* Effect.gen(function* () {
        yield* serve(Subscriber.make({ consumer: "ending", event: Happened, handler }))
        yield* Publisher.publishAll(happenings(1))
        yield* Deferred.await(begun)
        const inbox = yield* InboxStore
        const interest = { names: [Happened.name], patterns: [] }
        const claimable = Transactor.withTransaction(inbox.claim({ consumer: "ending", interest, limit: 1 }))
        const wasFree = yield* Effect.map(
          until(claimable, (rows) => rows.length === 1),
          () => hasEnded
        ).pipe(Effect.forkIn(outer))
        return wasFree
      }).pipe(
        Effect.scoped,
        Effect.flatMap((waiting) => Fiber.join(waiting)),
        Effect.tap((hadEnded) => Effect.sync(() => assert.isTrue(hadEnded)))
      )
    }).pipe(
      Effect.provide(Integration.layerMemory({ settings: unpolled, shutdownGracePeriod: "10 millis" })),
      Effect.scoped
    )
  })
})

/** The clock in use, whose time of day is set by so many milliseconds once `isSet` says so. */
const settable = (isSet: () => boolean, millis: number) =>
  Effect.clockWith((clock) =>
    Effect.sync((): Clock.Clock => {
      const now = () => clock.currentTimeMillisUnsafe() + (isSet() ? millis : 0)
      return Object.assign(Object.create(clock), { currentTimeMillisUnsafe: now, currentTimeMillis: Effect.sync(now) })
    })
  )

describe("a clock that is set while a handler runs", () => {
  it.live("back: it times out all the same", () => {
    let isSet = false
    const { Happened, happenings } = eventsOf("back")
    const stuck = Effect.suspend(() => {
      isSet = true
      return Effect.never
    })
    return Effect.gen(function* () {
      const consumer = Consumer.make("back", { maxAttempts: 1, timeout: "200 millis" })
      yield* serve(Subscriber.make({ consumer, event: Happened, handler: () => stuck }))
      const [event] = yield* Publisher.publishAll(happenings(1))
      const [delivery] = yield* Processor.use((processor) => processor.settled(event?.id ?? ""))
      assert.deepInclude(delivery, { status: "dead_letter", errorTag: "HandlerTimeout" })
    }).pipe(
      Effect.provide(Integration.layerMemory({ settings: unpolled })),
      Effect.scoped,
      Effect.provideServiceEffect(
        Clock.Clock,
        settable(() => isSet, -3_600_000)
      )
    )
  })

  it.live("forward: one that is in time, of a batch that takes longer, is not interrupted", () => {
    let isSet = false
    const begun: Array<number> = []
    const { Happened, happenings } = eventsOf("forward")
    const handler = ({ payload: { n } }: { readonly payload: { readonly n: number } }) =>
      Effect.suspend(() => {
        begun.push(n)
        isSet = n === 1
        return Effect.sleep(n === 0 ? 500 : 700)
      })
    return Effect.gen(function* () {
      const consumer = Consumer.make("forward", { maxAttempts: 1, timeout: "1 second" })
      yield* serve(Subscriber.make({ consumer, event: Happened, handler }))
      yield* settledAll(happenings(2))
      assert.deepStrictEqual(begun, [0, 1])
    }).pipe(
      Effect.provide(services(databases[0].layer, { maxBatchTime: "10 seconds" })),
      Effect.scoped,
      Effect.provideServiceEffect(
        Clock.Clock,
        settable(() => isSet, 3_600_000)
      )
    )
  })
})
