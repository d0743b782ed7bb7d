/** What each way an attempt can end says of its group. */
import { assert, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { rulesFor } from "../../src/delivery/consumerRules.ts"
import {
  crashedOutcome,
  failedOutcome,
  type Outcome,
  unresponsiveOutcome
} from "../../src/delivery/handlers/outcome.ts"
import { settlementOf } from "../../src/delivery/handlers/settlementOf.ts"
import { Consumer } from "../../src/index.ts"
import { defaults } from "../../src/settings/Settings.ts"
import type { Claimed } from "../../src/stores.ts"

const consumer = Consumer.make("grouped")

const row = (n: number) =>
  ({ deliveryId: `d${n}`, eventId: `e${n}`, consumer: "grouped", eventName: `event-${n}`, attemptCount: 0 }) as Claimed

const groupOf = (n: number, outcome: Outcome) =>
  Effect.map(settlementOf(row(n), outcome, rulesFor(consumer, defaults).retry, 0), ({ failure }) => failure?.group)

it.effect("whatever is charged has one, the same for every delivery it happens to, and nothing else has", () =>
  Effect.gen(function* () {
    const unreadable = (n: number): Outcome => ({
      _tag: "Unreadable",
      error: Object.assign(new Error(`"event-${n}" has no field ${n}`), { _tag: "EventDecodingError" }) as never
    })
    const charged: ReadonlyArray<(n: number) => Outcome> = [
      (n) => failedOutcome(Cause.fail(new Error(`no rate for ${n}`))),
      (n) => failedOutcome(Cause.die(`no rate for ${n}`)),
      (n) => failedOutcome(Cause.interrupt(n)),
      (n) => crashedOutcome(consumer, row(n), 1000 * n),
      (n) => unresponsiveOutcome(consumer, row(n), 1000 * n),
      unreadable
    ]
    const groups = yield* Effect.forEach(charged, (outcome) =>
      Effect.all([groupOf(1, outcome(1)), groupOf(2, outcome(2))])
    )
    for (const [one, other] of groups) {
      assert.isDefined(one)
      assert.deepStrictEqual(one, other)
    }
    assert.strictEqual(new Set(groups.map(([one]) => one?.fingerprint)).size, charged.length)
    assert.strictEqual(groups[0]?.[0]?.title, "Error: no rate for <number>")
    assert.strictEqual(groups[1]?.[0]?.title, "no rate for <number>")
    const others: ReadonlyArray<Outcome> = [
      { _tag: "Processed" },
      { _tag: "Skipped", reason: "no need" },
      { _tag: "Snoozed", delayMillis: 5, reason: "later", cools: false }
    ]
    for (const outcome of others) assert.isUndefined(yield* groupOf(1, outcome))
  })
)
