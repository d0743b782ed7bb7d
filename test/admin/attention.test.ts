/** What wants attention is told once, with its cause. */
import { assert, describe, it } from "@effect/vitest"
import { attentionTo } from "../../src/admin/answers/attention.ts"
import { noDepth } from "../../src/admin/answers/consumers.ts"
import { lagTrendsOf } from "../../src/admin/answers/lagTrends.ts"
import type { ConsumerSummary } from "../../src/admin/model/consumers.ts"
import type { Gauge } from "../../src/stores.ts"

const consumer = ({ depth, ...rest }: Partial<ConsumerSummary>): ConsumerSummary => ({
  consumer: "crm.mail",
  ordering: "none",
  pausedAt: null,
  pausedBy: null,
  pauseReason: null,
  coolUntil: null,
  lastSeenAt: new Date(0),
  servedBy: ["replica"],
  subscriptions: [{ event: "invoice.created", priority: 0, isServed: true }],
  ...rest,
  depth: {
    ...noDepth,
    ...depth
  }
})

const depth = (some: Partial<ConsumerSummary["depth"]>): Partial<ConsumerSummary> => ({
  depth: some as ConsumerSummary["depth"]
})

const titles = (summary: Partial<ConsumerSummary>) =>
  attentionTo([consumer(summary)], [], [], new Map()).map(({ title }) => title)

const now = 10_000_000

/** What a gauge of some minutes ago said: how long something had been due. */
const gauge = (minutesAgo: number, ageMillis: number | undefined, name = "crm.mail"): Gauge => {
  const at = now - minutesAgo * 60_000
  return {
    ...{ consumer: name, at: new Date(at), open: 1, retrying: 0, parked: 0, gaveUp: 0, isExact: true },
    oldestAt: ageMillis === undefined ? null : new Date(at - ageMillis)
  }
}

const behind = consumer(depth({ ready: 2, oldestMillis: 240_000 }))

const trend = (...gauges: ReadonlyArray<Gauge>) => lagTrendsOf([behind], gauges, now).get("crm.mail")

describe("attention", () => {
  it("says how far a consumer is behind", () => {
    assert.deepStrictEqual(titles(depth({ ready: 2, oldestMillis: 240_000 })), ["Consumer crm.mail is 4 min behind."])
  })

  it("says whether that rises or falls, if the gauges of the last minutes do", () => {
    assert.strictEqual(trend(gauge(3, 60_000), gauge(2, 120_000), gauge(1, 180_000)), "rising")
    assert.strictEqual(trend(gauge(3, undefined), gauge(2, 120_000)), "rising")
    assert.strictEqual(trend(gauge(3, 400_000), gauge(2, 350_000), gauge(1, 300_000)), "falling")
    const told = attentionTo([behind], [], [], new Map([["crm.mail", "rising"]]))
    assert.deepStrictEqual(
      told.map(({ title }) => title),
      ["Consumer crm.mail is 4 min behind and rising."]
    )
  })

  it("says nothing of it where it goes up and down, stays, or gauges are too few, too young or of others", () => {
    assert.isUndefined(trend(gauge(3, 60_000), gauge(2, 300_000), gauge(1, 180_000)))
    assert.isUndefined(trend(gauge(2, 235_000), gauge(1, 245_000)))
    assert.isUndefined(trend(gauge(1, 180_000)))
    assert.isUndefined(trend(gauge(0.5, 210_000), gauge(2, 120_000)))
    assert.isUndefined(trend(gauge(3, 60_000, "other"), gauge(2, 120_000)))
    assert.isUndefined(trend())
  })

  it("says of a consumer that nobody serves only that, and for how long something has waited", () => {
    assert.deepStrictEqual(titles({ servedBy: [], ...depth({ ready: 2, oldestMillis: 240_000 }) }), [
      "No process serves consumer crm.mail, and deliveries wait for it, one for 4 min."
    ])
    assert.deepStrictEqual(titles({ servedBy: [], ...depth({ ready: 2, oldestMillis: 1_000 }) }), [
      "No process serves consumer crm.mail, and deliveries wait for it."
    ])
  })

  it("counts what gave up", () => {
    assert.deepStrictEqual(titles(depth({ deadLetters: 1 })), ["Consumer crm.mail gave up 1 delivery."])
    assert.deepStrictEqual(titles(depth({ deadLetters: 2 })), ["Consumer crm.mail gave up 2 deliveries."])
    assert.deepStrictEqual(titles(depth({ deadLetters: 10_001 })), [
      "Consumer crm.mail gave up 10000 or more deliveries."
    ])
  })

  it("says nothing of one that is up to date", () => {
    assert.deepStrictEqual(titles({}), [])
  })

  it("tells what gave up most first, then what is furthest behind", () => {
    const told = attentionTo(
      [
        consumer({ consumer: "one", ...depth({ deadLetters: 1 }) }),
        consumer({ consumer: "late", ...depth({ ready: 1, oldestMillis: 61_000 }) }),
        consumer({ consumer: "many", ...depth({ deadLetters: 300 }) }),
        consumer({ consumer: "later", ...depth({ ready: 1, oldestMillis: 200_000 }) }),
        consumer({ consumer: "left", servedBy: [], ...depth({ ready: 1 }) })
      ],
      [],
      [],
      new Map()
    )
    assert.deepStrictEqual(
      told.map(({ subject }) => subject),
      ["left", "many", "one", "later", "late"]
    )
  })
})
