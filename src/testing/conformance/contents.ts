/**
 * What every store does with payloads and metadata that are large.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { largestContent } from "../../model/contentSize.ts"
import { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { checkOf } from "./Check.ts"
import { keyOf, newEvent, settleNext, subscribe, unique } from "./support.ts"

const check = checkOf("InboxStore")

const textOf = (n: number, length: number) => JSON.stringify({ n, text: "x".repeat(length) })

/** Stores events of a new name, with these payloads and metadata, for a new consumer. */
const withContents = Effect.fnUntraced(function* (
  contents: ReadonlyArray<{ readonly payload: string; readonly metadata?: string }>
) {
  const [eventName, consumer] = [unique("event"), unique("consumer")]
  yield* subscribe(eventName, consumer)
  const events = contents.map((content) => newEvent(eventName, content))
  for (const event of events) yield* OutboxStore.use((store) => store.append([event]))
  const inbox = yield* InboxStore
  const interest = { names: [eventName], patterns: [] }
  return { claim: (limit: number) => inbox.claim({ consumer, interest, limit }), consumer, events, interest }
})

const numberOf = ({ payload }: { readonly payload: unknown }) => (payload as { readonly n: number } | null)?.n

export const contents = [
  check(
    "gives a delivery that is too large to be read without its payload, beside the others",
    Effect.gen(function* () {
      const half = textOf(1, largestContent / 2)
      const { claim, consumer, events, interest } = yield* withContents([
        { payload: textOf(0, 10) },
        { payload: half, metadata: half },
        { payload: textOf(2, 10) }
      ])
      const rows = yield* claim(10)
      assert.deepEqual(rows.map(numberOf), [0, undefined, 2])
      assert.deepEqual(
        rows.map(({ oversizeBytes }) => oversizeBytes !== null && oversizeBytes > largestContent),
        [false, true, false]
      )
      const nothing = { payload: null, metadata: null, oversizeBytes: rows[1]?.oversizeBytes }
      const one = yield* InboxStore.use((inbox) => inbox.claimOne({ ...keyOf(rows[1]), consumer, interest }))
      assert.partialDeepStrictEqual({ ...one }, nothing)
      const found = yield* OutboxStore.use((store) => store.findById(events[1]?.id ?? ""))
      assert.partialDeepStrictEqual({ ...found }, nothing)
      yield* settleNext(claim, { status: "processed" })
      yield* settleNext(claim, { status: "dead_letter" })
      const letter = yield* DeadLetterStore.use((store) => store.find(keyOf(rows[1]).deliveryId))
      assert.partialDeepStrictEqual({ ...letter }, { ...nothing, originalPayload: null })
    })
  ),

  check(
    "gives of large deliveries the first that fit into one claim, and one that does not fit alone",
    Effect.gen(function* () {
      const large = (n: number) => ({ payload: textOf(n, 3_000_000) })
      const { claim } = yield* withContents([{ payload: textOf(0, 10) }, large(1), large(2), large(3)])
      assert.deepEqual((yield* claim(10)).map(numberOf), [0, 1, 2])
      assert.deepEqual((yield* claim(1)).map(numberOf), [0])
      const huge = yield* withContents([{ payload: textOf(0, 9_000_000) }, { payload: textOf(1, 10) }])
      assert.deepEqual((yield* huge.claim(1)).map(numberOf), [0])
      assert.deepEqual((yield* huge.claim(500)).map(numberOf)[0], 0)
    })
  )
]
