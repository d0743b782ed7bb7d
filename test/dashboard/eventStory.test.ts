/** The story of an event: lines of deliveries on one axis of time. */
import { assert, describe, it } from "@effect/vitest"
import { axisOf } from "../../dashboard/src/screens/events/storyAxis.ts"
import { laneOf } from "../../dashboard/src/screens/events/storyLane.ts"
import { sentenceOf } from "../../dashboard/src/screens/events/storyWords.ts"

const start = Date.parse("2026-11-28T14:00:00Z")

const at = (millis: number) => new Date(start + millis).toISOString()

type Delivery = Parameters<typeof laneOf>[0]

const delivery = (given: Partial<Delivery>): Delivery => ({
  deliveryId: "d",
  consumer: "crm.letters",
  status: "processed",
  isOpen: false,
  isParked: false,
  attemptCount: 1,
  lastError: null,
  errorTag: null,
  availableAt: null,
  waitsFor: null,
  leasedUntil: null,
  createdAt: at(0),
  processedAt: null,
  isEdited: false,
  payloadOverride: null,
  receivedVersion: 1,
  attempts: [],
  ...given
})

const failed = (
  attempt: number,
  from: number,
  to: number,
  outcome: "retry" | "dead_letter" = "retry",
  error = "Down\n at x"
) => ({
  attempt,
  startedAt: at(from),
  finishedAt: at(to),
  outcome,
  errorTag: "Down",
  error
})

const partsOf = (given: Delivery, now: number) =>
  laneOf(given, start + now).segments.map(({ from, kind, to }) => [kind, from - start, to - start])

const gaveUp = delivery({
  status: "dead_letter",
  attemptCount: 2,
  processedAt: at(1_010),
  attempts: [failed(1, 5, 10), failed(2, 1_000, 1_010, "dead_letter")]
})

describe("a line of a story", () => {
  it("waits, fails, waits again, and ends", () => {
    assert.deepStrictEqual(partsOf(gaveUp, 90_000), [
      ["waiting", 0, 5],
      ["failed", 5, 10],
      ["retry", 10, 1_000],
      ["failed", 1_000, 1_010]
    ])
  })

  it("rests after it gave up, until it was requeued", () => {
    const requeued = { ...gaveUp, status: "processed" as const, processedAt: at(5_000) }
    assert.deepStrictEqual(partsOf(requeued, 90_000).at(-1), ["given-up", 1_010, 5_000])
  })

  it("goes on to now as long as it is open", () => {
    const open = { status: "received", isOpen: true, attemptCount: 0 } as const
    assert.deepStrictEqual(partsOf(delivery(open), 700), [["waiting", 0, 700]])
    assert.deepStrictEqual(partsOf(delivery({ ...open, isParked: true }), 700), [["parked", 0, 700]])
  })

  it("tells the same failure once, with the first and the last attempt", () => {
    const { failures } = laneOf(gaveUp, start)
    assert.deepStrictEqual(
      failures.map(({ first, last, message }) => [first, last, message]),
      [[1, 2, "Down"]]
    )
    const other = delivery({ attempts: [failed(1, 0, 1), failed(2, 2, 3, "retry", "Other")] })
    assert.strictEqual(laneOf(other, start).failures.length, 2)
  })

  it("tells the end of the attempt that succeeded, and no beginning", () => {
    const retried = delivery({ attemptCount: 2, processedAt: at(5_000), attempts: [failed(1, 5, 10)] })
    const { segments, success } = laneOf(retried, start + 90_000)
    assert.deepStrictEqual(success, { attempt: 2, at: start + 5_000 })
    assert.deepStrictEqual(segments.at(-1), { kind: "retry", from: start + 10, to: start + 5_000, isWithSuccess: true })
    assert.isUndefined(laneOf(gaveUp, start + 90_000).success)
    assert.isTrue(laneOf(gaveUp, start + 90_000).segments.every(({ isWithSuccess }) => isWithSuccess === undefined))
  })

  it("is told in a sentence", () => {
    const sentence = (given: Delivery) => sentenceOf(laneOf(given, start + 700), start, start + 700)
    assert.strictEqual(sentence(gaveUp), "gave up after 2 attempts, 1.0 s after it was published")
    assert.strictEqual(
      sentence(delivery({ status: "received", isOpen: true, attemptCount: 1, availableAt: at(60_700) })),
      "waiting after 1 attempt, due in 1 min"
    )
  })
})

describe("the axis of a story", () => {
  const axisFor = (deliveries: ReadonlyArray<Delivery>, now: number) =>
    axisOf(
      deliveries.map((each) => laneOf(each, start + now)),
      start,
      start + now
    )

  it("goes from the beginning to the end, and never back", () => {
    const axis = axisFor([gaveUp, delivery({ processedAt: at(400_000) })], 400_000)
    const places = [0, 5, 10, 500, 1_000, 1_010, 200_000, 400_000].map((millis) => axis.place(start + millis))
    assert.strictEqual(places[0], 0)
    assert.strictEqual(places.at(-1), 1)
    assert.deepStrictEqual(
      places,
      places.toSorted((a, b) => a - b)
    )
    assert.strictEqual(new Set(places).size, places.length)
  })

  it("makes gaps of more than 30 s short, and says how long they are", () => {
    const axis = axisFor([gaveUp, delivery({ processedAt: at(400_000) })], 400_000)
    assert.deepStrictEqual(
      axis.gaps.map(({ millis }) => millis),
      [398_990]
    )
    const [gap] = axis.gaps
    assert.approximately(gap!.right - gap!.left, 0.12, 1e-9)
    assert.isAbove(axis.place(start + 1_010), 0.8)
  })

  it("has no gap when nothing is beside it", () => {
    assert.deepStrictEqual(axisFor([delivery({ status: "received", isOpen: true, attemptCount: 0 })], 600_000).gaps, [])
  })
})
