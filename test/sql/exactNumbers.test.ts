/** Clients that make something else of `int8`: no number of 64 bits reaches us through them. */
import { PgTypes } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DeadLetters, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import * as Testing from "../../src/testing.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, serve, services, unpolled } from "../support/scenario.ts"

/** The codecs of a client whose `int8` is somebody else's. */
const typesWith = <A>(codec: PgTypes.Codec<A>) => {
  const registry = PgTypes.makeRegistry()
  registry.register(PgTypes.OID.int8, codec)
  return registry
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** As many applications have it. */
const numbers = typesWith<number | bigint>({
  decode: (bytes) => Result.succeed(Number(viewOf(bytes).getBigInt64(0))),
  encode: (value) => {
    const bytes = new Uint8Array(8)
    viewOf(bytes).setBigInt64(0, BigInt(value))
    return Result.succeed(bytes)
  }
})

/** Whatever passes through it fails. */
const refusing = typesWith<unknown>({
  decode: () => Result.fail(new PgTypes.CodecError({ message: "an int8 was read" })),
  encode: () => Result.fail(new PgTypes.CodecError({ message: "an int8 was sent" }))
})

const settings = { ...unpolled, processorEnabled: false, startupDrainEnabled: false }

describe("a client that neither reads nor sends int8", () => {
  const runtime = Integration.layer({ settings }).pipe(Layer.provideMerge(postgres({ types: refusing })))
  layer(runtime, { excludeTestServices: true, timeout: "60 seconds" })("stores", (check) => {
    for (const { contract, name, test } of Testing.Conformance.all) check.effect(`${contract}: ${name}`, () => test)
  })
})

it.live("nothing that runs by itself reads or sends an int8 either", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("refusing")
    const handled: Record<string, number> = {}
    const counting = (name: string, options: Consumer.Options) =>
      Subscriber.make({
        consumer: Consumer.make(name, options),
        event: Happened,
        handler: ({ attempt, payload }) =>
          name === "late" && payload.n === 0 && attempt === 1
            ? Subscriber.retryAfter("60 days")
            : Effect.sync(() => {
                handled[name] = (handled[name] ?? 0) + 1
              })
      })
    const sql = yield* SqlClient.SqlClient
    yield* serve(counting("ordered", { ordering: "aggregate" }), counting("leased", { mode: "leased" }))
    yield* Publisher.publishAll(happenings(4))
    yield* sql`INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
      VALUES (${Happened.name}, 'tests', 'Thing', 'thing-1', '{"n": 1}')`
    yield* serve(counting("late", { startFrom: "beginning", ordering: "aggregate", onDeadLetter: "continue" }))
    const processor = yield* Processor
    yield* processor.drain
    const late = yield* Testing.deliveries("late")
    assert.sameMembers(
      late.map(({ status }) => status),
      ["failed", "processed", "processed", "processed", "processed"]
    )
    assert.isAbove(late.find(({ status }) => status === "failed")?.dueInMillis ?? 0, 59 * 86_400_000)
    assert.lengthOf(yield* Testing.published(Happened), 5)
    for (const name of ["ordered", "leased"]) assert.isAtLeast(handled[name] ?? 0, 5, name)
    yield* processor.removeExpired
    yield* processor.stats
    yield* processor.unserved
    yield* processor.replicas
    yield* processor.retire("nobody")
  }).pipe(
    Effect.scoped,
    Effect.provide(
      services(postgres({ types: refusing }), { settings: { retentionHours: 1, deadLetterRetentionHours: 1 } })
    )
  )
)

it.live("an ordered consumer handles its events, in order, with a client that reads int8 as number", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("numbers")
    const handled: Array<string> = []
    let isFixed = false
    yield* serve(
      Subscriber.make({
        consumer: Consumer.make("numbers", { ordering: "aggregate", maxAttempts: 1, isolation: "delivery" }),
        event: Happened,
        handler: ({ id, payload }) =>
          payload.n === 3 && !isFixed ? Effect.fail("not yet") : Effect.sync(() => handled.push(id))
      })
    )
    const processor = yield* Processor
    const publish = Effect.flatMap(Publisher, (publisher) => publisher.publishAll(happenings(20)))
    const events = [...(yield* publish), ...(yield* publish)]
    yield* processor.drain
    assert.lengthOf(handled, 38)
    // What waits behind a dead letter goes on when that is discarded or requeued.
    isFixed = true
    const letters = yield* DeadLetters
    assert.strictEqual(yield* letters.requeueAll({ consumer: "numbers" }), 1)
    for (const { id } of events) yield* processor.settled(id)
    assert.sameMembers(
      handled,
      events.map(({ id }) => id)
    )
    assert.deepStrictEqual(handled.slice(-2), [events[3]?.id, events[23]?.id])
    const positions = events.map(({ position }) => position)
    assert.deepStrictEqual(
      positions,
      [...positions].sort((a, b) => (a < b ? -1 : 1))
    )
    assert.isTrue(positions.every((position) => typeof position === "bigint"))
  }).pipe(Effect.scoped, Effect.provide(services(postgres({ types: numbers }))))
)
