/** What attempts in recovery do with suspect deliveries, by the notes there are of them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { decideAfterCrash } from "../../src/delivery/recovery/decideAfterCrash.ts"
import type { Claimed, ReplicaStore } from "../../src/stores.ts"

const row = (eventId: string, hasCrashed = false) =>
  ({ eventId, attemptCount: 0, recovery: { isRecovering: true, isSuspect: true, hasCrashed } }) as Claimed

/** Decides about deliveries, of which some have a note of an attempt alone (`true`) or with others (`false`). */
const decided = (
  rows: ReadonlyArray<Claimed>,
  notes: Readonly<Record<string, boolean>> = {},
  isExclusive = false
): Effect.Effect<unknown, unknown> => {
  const noted: Array<string> = []
  const store = {
    findStarted: () =>
      Effect.succeed(Object.entries(notes).map(([eventId, isAlone]) => ({ eventId, isAlone, ageMillis: 5 }))),
    noteStarted: (begun) => Effect.sync(() => void noted.push(...begun.map(({ eventId }) => eventId)))
  } as Pick<ReplicaStore["Service"], "findStarted" | "noteStarted"> as ReplicaStore["Service"]
  return Effect.map(decideAfterCrash(store, rows, isExclusive), (decision) => {
    assert.deepStrictEqual(decision._tag === "Run" ? decision.rows.map(({ eventId }) => eventId) : [], noted)
    return decision._tag === "Run" ? noted.join("") : decision._tag
  })
}

it.effect.each([
  ["all without a note run together", [row("a"), row("b"), row("c")], {}, "abc"],
  ["up to one that began with others", [row("a"), row("b"), row("c")], { c: false }, "ab"],
  ["up to one that crashed", [row("a"), row("b", true), row("c")], {}, "a"],
  ["one that began with others runs alone, and is not charged", [row("a"), row("b")], { a: false, b: false }, "a"],
  ["one that began alone is charged", [row("a"), row("b")], { a: true }, "ChargeCrash"],
  ["one that began alone comes after the others", [row("a"), row("b")], { b: true }, "a"],
  ["one that crashed needs the process for itself", [row("a", true), row("b")], {}, "RunExclusively"]
] as const)("%s", ([, rows, notes, expected]) =>
  Effect.map(decided(rows, notes), (decision) => assert.strictEqual(decision, expected))
)

it.effect("one that crashed runs alone when it has the process for itself", () =>
  Effect.map(decided([row("a", true), row("b")], {}, true), (decision) => assert.strictEqual(decision, "a"))
)
