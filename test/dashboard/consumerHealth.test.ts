/** What the overview tells of a consumer by minute: failures mark the minutes they were in, and no others. */
import { assert, it } from "@effect/vitest"
import type { Overview } from "../../dashboard/src/api/wire.ts"
import { healthsOf } from "../../dashboard/src/screens/overview/consumerHealth.ts"
import { wireConsumer } from "../support/wireConsumer.ts"

const now = Date.parse("2026-11-28T14:00:00Z")

type Rate = Overview["rates"][number]
type Point = Rate["points"][number]

const point = (minutesAgo: number, given: Partial<Point>): Point => ({
  at: new Date(now - minutesAgo * 60_000).toISOString(),
  processed: 0,
  retried: 0,
  skipped: 0,
  gaveUp: 0,
  ...given
})

const nothing: Rate["duration"] = { bounds: [], counts: [], sum: 0 }

it("minutes in which a consumer retried or gave up are told from those in which it did not", () => {
  const points = [
    point(4, { processed: 5 }),
    point(3, { processed: 5, retried: 1 }),
    point(2, { processed: 5, retried: 1, gaveUp: 1 }),
    point(1, { processed: 5 })
  ]
  const rate: Rate = { consumer: "crm.letters", points, duration: nothing, lag: nothing }
  const [health] = healthsOf([wireConsumer()], [rate], now)
  assert.deepStrictEqual(health?.settled.slice(-4), [5, 5, 5, 5])
  assert.deepStrictEqual(health?.troubles.slice(-5), [undefined, undefined, "retrying", "gave-up", undefined])
})
