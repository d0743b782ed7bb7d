/** What wants attention is told in sentences, the worst first. */
import { assert, it } from "@effect/vitest"
import { attentionTo } from "../../src/admin/answers/attention.ts"

const summary = (
  consumer: string,
  more: { readonly deadLetters?: number; readonly oldestMillis?: number; readonly isServed?: boolean } = {}
) => ({
  consumer,
  ordering: "none",
  pausedAt: null,
  pauseReason: null,
  pausedBy: null,
  coolUntil: null,
  lastSeenAt: new Date(0),
  servedBy: more.isServed === false ? [] : ["a process"],
  subscriptions: [{ event: "happened", priority: 0, isServed: true }],
  depth: {
    ready: more.oldestMillis === undefined ? 0 : 1,
    delayed: 0,
    retrying: 0,
    leased: 0,
    parked: 0,
    deadLetters: more.deadLetters ?? 0,
    oldestMillis: more.oldestMillis ?? 0,
    isHeld: false,
    isRecovering: false
  }
})

it("what gave up most comes first among warnings, then what is furthest behind", () => {
  const told = attentionTo(
    [
      summary("one", { deadLetters: 1 }),
      summary("late", { oldestMillis: 61_000 }),
      summary("many", { deadLetters: 300 }),
      summary("later", { oldestMillis: 200_000 }),
      summary("well")
    ],
    [],
    []
  )
  assert.deepStrictEqual(
    told.map(({ title }) => title),
    [
      "Consumer many gave up 300 deliveries.",
      "Consumer one gave up 1 delivery.",
      "Consumer later is 3 min behind.",
      "Consumer late is 1 min behind."
    ]
  )
})

it("of a consumer that nobody serves it is said once", () => {
  const told = attentionTo(
    [summary("left", { oldestMillis: 3_600_000, isServed: false }), summary("stuck", { oldestMillis: 3_600_000 })],
    [],
    []
  )
  assert.deepStrictEqual(
    told.map(({ id, subject }) => [id, subject]),
    [
      ["consumer-unserved", "left"],
      ["consumer-lags", "stuck"]
    ]
  )
})
