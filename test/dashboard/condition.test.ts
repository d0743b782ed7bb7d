/** How a consumer is, in a state and a word, and which comes first where several are shown. */
import { assert, describe, it } from "@effect/vitest"
import { conditionOf, counted, isLate, isRetired, openOf, worstFirst } from "../../dashboard/src/words/condition.ts"
import { noDepth } from "../../src/admin/answers/consumers.ts"
import { type GivenConsumer, wireConsumer } from "../support/wireConsumer.ts"

const paused = { pausedAt: "2026-11-28T14:00:00Z" }
const unserved = { servedBy: [] }
const retired = { servedBy: [], subscriptions: [] }

const conditions: ReadonlyArray<readonly [state: string, word: string, GivenConsumer]> = [
  ["done", "up to date", {}],
  ["done", "at work", { depth: { ready: 1 } }],
  ["done", "at work", { depth: { oldestMillis: 59_999, ready: 1 } }],
  ["retrying", "behind", { depth: { oldestMillis: 60_000, ready: 1 } }],
  ["retrying", "retrying", { depth: { retrying: 1 } }],
  ["retrying", "careful after a crash", { depth: { isRecovering: true, retrying: 1 } }],
  ["waiting", "held", { depth: { isHeld: true, ready: 1 } }],
  ["parked", "parked", { depth: { parked: 1 } }],
  ["gave-up", "gave up", { depth: { deadLetters: 1, oldestMillis: 90_000, parked: 1 } }],
  ["paused", "paused", { ...paused, depth: { deadLetters: 1, oldestMillis: 90_000 } }],
  ["paused", "paused", { ...paused, ...unserved, depth: { ready: 1 } }],
  ["gave-up", "nobody serves it", { ...unserved, depth: { ready: 1 } }],
  ["retrying", "nobody serves it", unserved],
  ["done", "retired", { ...retired, depth: { deadLetters: 1 } }]
]

describe("the condition of a consumer", () => {
  for (const [state, word, given] of conditions) {
    it(`is ${word} (${state}) with ${JSON.stringify(given)}`, () => {
      assert.deepStrictEqual(conditionOf(wireConsumer(given)) as object, { state, word })
    })
  }

  it("counts what is open without what gave up, and says where counting ended", () => {
    const depth = {
      ...noDepth,
      ready: 1,
      delayed: 20,
      retrying: 300,
      leased: 4_000,
      parked: 50_000,
      deadLetters: 600_000
    }
    assert.strictEqual(openOf(depth), 54_321)
    assert.deepStrictEqual([counted(9_999), counted(10_000)], ["10 k", "10,000+"])
  })

  it("is late by its oldest delivery unless it is paused, and retired only if it is subscribed to nothing", () => {
    const late = { depth: { oldestMillis: 60_000 } }
    assert.deepStrictEqual([isLate(wireConsumer(late)), isLate(wireConsumer({ ...late, ...paused }))], [true, false])
    assert.deepStrictEqual([isRetired(wireConsumer(unserved)), isRetired(wireConsumer(retired))], [false, true])
  })
})

describe("consumers", () => {
  it("are shown the worst first", () => {
    const sorted: ReadonlyArray<GivenConsumer> = [
      { consumer: "abandoned", ...unserved, depth: { ready: 1 } },
      { consumer: "gave up more", depth: { deadLetters: 2 } },
      { consumer: "gave up", depth: { deadLetters: 1 } },
      { consumer: "later", depth: { oldestMillis: 120_000, ready: 1 } },
      { consumer: "late", depth: { oldestMillis: 60_000, ready: 1 } },
      { consumer: "recovering", depth: { isRecovering: true } },
      { consumer: "retrying", depth: { retrying: 1 } },
      { consumer: "a paused one", ...paused, depth: { ready: 1 } },
      { consumer: "parked", depth: { parked: 1 } },
      { consumer: "unserved", ...unserved },
      { consumer: "a calm one", depth: { ready: 9 } },
      { consumer: "calm" },
      { consumer: "a retired one", ...retired }
    ]
    const names = sorted.map((each) => each.consumer)
    const shuffled = sorted.map(wireConsumer).toSorted((a, b) => a.consumer.length - b.consumer.length)
    assert.deepStrictEqual(
      worstFirst(shuffled).map((each) => each.consumer),
      names
    )
  })
})
