/** What wants attention is told once, with its cause. */
import { assert, describe, it } from "@effect/vitest"
import { attentionTo } from "../../src/admin/answers/attention.ts"
import { noDepth } from "../../src/admin/answers/consumers.ts"
import type { ConsumerSummary } from "../../src/admin/model/consumers.ts"

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

const titles = (summary: Partial<ConsumerSummary>) => attentionTo([consumer(summary)], [], []).map(({ title }) => title)

describe("attention", () => {
  it("says how far a consumer is behind", () => {
    assert.deepStrictEqual(titles(depth({ ready: 2, oldestMillis: 240_000 })), ["Consumer crm.mail is 4 min behind."])
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
      []
    )
    assert.deepStrictEqual(
      told.map(({ subject }) => subject),
      ["left", "many", "one", "later", "late"]
    )
  })
})
