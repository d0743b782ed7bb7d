/** Ages, as people read them. */
import { assert, describe, it } from "@effect/vitest"
import { ago } from "../../dashboard/src/words/numbers.ts"

const now = Date.parse("2026-11-28T14:00:00Z")

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]

const ages: ReadonlyArray<readonly [millis: number, text: string]> = [
  [0, "now"],
  [999, "now"],
  [-999, "now"],
  [second, "1 s ago"],
  [minute - 1, "59 s ago"],
  [minute, "1 min ago"],
  [hour - 1, "59 min ago"],
  [3.9 * hour, "3 h ago"],
  [day, "1 d ago"],
  [400 * day, "400 d ago"],
  [-12 * second, "in 12 s"],
  [-3 * minute, "in 3 min"]
]

describe("how long ago something was", () => {
  for (const [millis, text] of ages) {
    it(`is "${text}" after ${millis} ms`, () => {
      assert.deepStrictEqual([ago(now - millis, now), ago(new Date(now - millis).toISOString(), now)], [text, text])
    })
  }
})
