/** What a process costs that has nothing to do, and settings that change while it runs. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { InboxStore, Integration, Processor, Publisher, SettingStore, Settings, Subscriber } from "../../src/index.ts"
import { clientFor, postgres, uniqueSchema, withSchema } from "../support/databases.ts"
import { faultProxy } from "../support/faultProxy.ts"
import { eventsOf, serve, services, until } from "../support/scenario.ts"

/** Counts the polls of the running processor. */
const countPolls = Effect.map(InboxStore, (inbox) => {
  const poll = inbox.poll
  let polls = 0
  Object.assign(inbox, {
    poll: (question: Parameters<typeof poll>[0]) => Effect.tap(poll(question), () => Effect.sync(() => polls++))
  })
  return () => polls
})

const oneForAll = { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }
// Whoever inserts tells of it, so nobody looks.
const told = { announceInserts: true, settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 350 } }

it.live.each([
  ["polls as often as it may look for plain inserts", oneForAll],
  ["is told of plain inserts", told]
] as const)(
  "an idle process with twenty consumers that %s sends nothing but one poll per idle interval",
  ([, options]) =>
    Effect.gen(function* () {
      const schema = uniqueSchema()
      const proxy = yield* faultProxy(inject("postgresUrl"))
      const database = withSchema(schema).pipe(Layer.provideMerge(clientFor(schema, { url: proxy.url })))
      const { Happened } = eventsOf("idle")
      const subscribers = Array.from({ length: 20 }, (_, index) =>
        Subscriber.make({ consumer: `idle-${index}`, event: Happened, handler: () => Effect.void })
      )
      yield* Effect.gen(function* () {
        const processor = yield* Processor
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* processor.settled(event.id)
        const sql = yield* SqlClient.SqlClient
        yield* until(sql`SELECT 1 FROM integration_subscription WHERE swept_at IS NULL`, (rows) => rows.length === 0)
        const polls = yield* countPolls
        const counted = Effect.sync(() => ({ polls: polls(), statements: proxy.statements() }))
        // The window begins and ends with a poll.
        const first = yield* until(counted, (_) => _.polls >= 2)
        const last = yield* until(counted, (_) => _.polls >= first.polls + 8)
        assert.strictEqual(last.statements - first.statements, last.polls - first.polls)
      }).pipe(
        Effect.provide(
          Subscriber.layer(...subscribers).pipe(
            Layer.provideMerge(Integration.layer(options)),
            Layer.provideMerge(database)
          )
        )
      )
    }).pipe(Effect.scoped)
)

it.live("settings changed in the table take effect, invalid ones fall back with a warning naming key and value", () => {
  const warnings: Array<string> = []
  const capture = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(String(message))
  })
  const quick = { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100, maxAttempts: 2 } }
  return Effect.gen(function* () {
    const { Happened } = eventsOf("changing")
    const settings = yield* Settings
    const store = yield* SettingStore
    const processor = yield* Processor
    yield* serve(Subscriber.make({ consumer: "changing", event: Happened, handler: () => Effect.fail("no") }))
    const attempts = Effect.gen(function* () {
      const event = yield* Publisher.publish(Happened, { n: 1 })
      return (yield* processor.settled(event.id))[0]?.attemptCount
    })
    assert.strictEqual(yield* attempts, 2)
    yield* store.set("core.integration.outbox.maxAttempts", 1, "a test")
    yield* until(settings.current, (_) => _.maxAttempts === 1)
    assert.strictEqual(yield* attempts, 1)
    yield* store.set("core.integration.outbox.maxAttempts", -3)
    yield* until(settings.current, (_) => _.maxAttempts === 2)
    yield* until(
      Effect.sync(() => warnings),
      (_) => _.some((warning) => warning.includes("maxAttempts"))
    )
    assert.include(
      warnings,
      "Setting core.integration.outbox.maxAttempts is -3, expected an integer from 1 to 2147483647; using 2"
    )
    const unknown = (key: string) => `Setting ${key} of integration_setting is not known and has no effect`
    const misspelt: ReadonlyArray<readonly [string, string]> = [
      ["core.integration.outbox.maxAttemps", "; is core.integration.outbox.maxAttempts meant?"],
      ["batchsize", "; is core.integration.outbox.batchSize meant?"],
      ["core.integration.outbox.processorEnabled", "; is core.integration.outbox.processor.enabled meant?"],
      ["billing.theme", ""]
    ]
    for (const [key] of misspelt) yield* store.set(key, 1)
    yield* settings.refresh
    yield* settings.refresh
    for (const [key, hint] of misspelt) {
      assert.deepStrictEqual(
        warnings.filter((warning) => warning.includes(key)),
        [unknown(key) + hint]
      )
    }
    yield* store.set("core.integration.outbox.enabled", false)
    yield* until(settings.current, (_) => !_.enabled)
    const refused = yield* Effect.flip(Publisher.publish(Happened, { n: 2 }))
    assert.strictEqual(refused._tag, "OutboxDisabled")
    assert.include(refused.message, "Set core.integration.outbox.enabled to true")
  }).pipe(Effect.scoped, Effect.provide(services(postgres(), quick)), Effect.provide(Logger.layer([capture])))
})
