/** Lists of large events: several statements in one transaction, and turns for others in between. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { StoreError } from "../../src/errors/StoreErrors.ts"
import { OutboxStore, Publisher } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"

const mebibyte = 1_048_576

const listOf = (eventName: string, sizes: ReadonlyArray<number>) =>
  sizes.map((size, n) => ({
    eventName,
    sourceModule: "tests",
    aggregateType: "Thing",
    aggregateId: String(n),
    payload: { n, text: "x".repeat(size) }
  }))

const refusal = new StoreError({ operation: "outbox.append", reason: "no", isRetryable: false, cause: undefined })

/** A publisher that tells of each of its statements before it is sent; one that `isRefused` fails instead. */
const watched = Effect.fnUntraced(function* (
  onStatement: (bytes: ReadonlyArray<number>) => void,
  isRefused: (statement: number) => boolean = () => false
) {
  const outbox = yield* OutboxStore
  let statement = 0
  const append: OutboxStore["Service"]["append"] = (events, notification) =>
    Effect.suspend(() => {
      onStatement(events.map(({ metadata, payload }) => payload.length + (metadata?.length ?? 0)))
      return isRefused(++statement) ? Effect.fail(refusal) : outbox.append(events, notification)
    })
  const built = Layer.build(Layer.provide(Publisher.layer(), Layer.succeed(OutboxStore, { ...outbox, append })))
  return yield* Effect.flatMap(built, (context) => Effect.provideContext(Publisher, context))
})

const numbersOf = (eventName: string) =>
  OutboxStore.use((outbox) =>
    Effect.map(outbox.findByName(eventName, 0n, 2000), (rows) =>
      rows.map(({ payload }) => (payload as { readonly n: number }).n)
    )
  )

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  layer(runtime(), { excludeTestServices: true, timeout: "60 seconds" })("large lists", (it) => {
    it.effect("take statements of 4 MiB, in their order; a larger event has one of its own", () =>
      Effect.gen(function* () {
        const statements: Array<ReadonlyArray<number>> = []
        const publisher = yield* watched((sizes) => statements.push(sizes))
        const sizes = [10, ...Array.from({ length: 14 }, () => 900_000), 10]
        const stored = yield* publisher.publishEvents(listOf("lists.large", sizes))
        assert.deepStrictEqual(
          statements.map(({ length }) => length),
          [5, 4, 4, 3]
        )
        for (const each of statements)
          assert.isAtMost(
            each.reduce((a, b) => a + b, 0),
            4 * mebibyte
          )
        assert.deepStrictEqual(
          stored.map(({ position }) => position),
          stored.map(({ position }) => position).toSorted((a, b) => (a < b ? -1 : 1))
        )
        assert.deepStrictEqual(
          yield* numbersOf("lists.large"),
          sizes.map((_, n) => n)
        )
        statements.length = 0
        yield* publisher.publishEvents(
          listOf(
            "lists.small",
            Array.from({ length: 1001 }, () => 10)
          )
        )
        assert.deepStrictEqual(
          statements.map(({ length }) => length),
          [1000, 1]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("are stored all or none, also when a later statement is refused", () =>
      Effect.gen(function* () {
        const publisher = yield* watched(
          () => {},
          (statement) => statement === 3
        )
        const sizes = Array.from({ length: 12 }, () => 900_000)
        assert.strictEqual(yield* Effect.flip(publisher.publishEvents(listOf("lists.refused", sizes))), refusal)
        assert.deepStrictEqual(yield* numbersOf("lists.refused"), [])
      }).pipe(Effect.scoped)
    )

    it.effect("let others have their turn while they are encoded", () =>
      Effect.gen(function* () {
        let turns = 0
        let turnsBefore: number | undefined
        const publisher = yield* watched(() => {
          turnsBefore ??= turns
        })
        const other = yield* Effect.forkChild(
          Effect.forever(
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => turns++)
            )
          )
        )
        yield* publisher.publishEvents(
          listOf(
            "lists.turns",
            Array.from({ length: 30 }, () => 1_000_000)
          )
        )
        yield* Fiber.interrupt(other)
        assert.isAtLeast(turnsBefore ?? 0, 5)
      }).pipe(Effect.scoped)
    )
  })
})
