/**
 * What every `AuditStore` does.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { SettingStore } from "../../settings/SettingStore.ts"
import { AuditStore, CurrentActor, type NewAuditEntry } from "../../stores/AuditStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

const check = checkOf("AuditStore")

const entry = (who: string, more: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
  who,
  role: "operator",
  action: "consumers.pause",
  target: "billing",
  reason: "the tax office is down",
  affected: 3,
  outcome: "done",
  details: { a: [1, null] },
  ...more
})

export const auditStore = [
  check(
    "gives back what was written, the last first, page by page",
    Effect.gen(function* () {
      const audit = yield* AuditStore
      const who = unique("who")
      const nothing = { affected: null, details: null, outcome: "refused", reason: null } as const
      for (const more of [{}, nothing, { affected: 9_007_199_254_740_991 }]) yield* audit.add(entry(who, more))
      const first = yield* audit.list({ who }, undefined, 2)
      const second = yield* audit.list({ who }, first.next, 2)
      const found = [...first.entries, ...second.entries]
      assert.equal(second.next, undefined)
      assert.deepEqual(
        found.map(({ at: _, id: __, ...each }) => each),
        [entry(who, { affected: 9_007_199_254_740_991 }), entry(who, nothing), entry(who)]
      )
      assert.ok(found.every(({ at }) => Math.abs(at.getTime() - (found[0]?.at.getTime() ?? 0)) < 60_000))
    })
  ),

  check(
    "finds by who, action, target and time",
    Effect.gen(function* () {
      const audit = yield* AuditStore
      const who = unique("who")
      yield* audit.add(entry(who))
      yield* audit.add(entry(who, { action: "consumers.resume", target: "tasks" }))
      const [last] = (yield* audit.list({ who }, undefined, 1)).entries
      const hour = 3_600_000
      const count = (filter: Parameters<typeof audit.list>[0]) =>
        Effect.map(audit.list({ who, ...filter }, undefined, 10), ({ entries }) => entries.length)
      assert.deepEqual(
        yield* Effect.all([
          count({}),
          count({ who: "nobody" }),
          count({ action: "consumers.pause" }),
          count({ target: "tasks" }),
          count({ action: "consumers.pause", target: "tasks" }),
          count({ since: new Date((last?.at.getTime() ?? 0) - hour) }),
          count({ since: new Date((last?.at.getTime() ?? 0) + hour) }),
          count({ until: new Date((last?.at.getTime() ?? 0) - hour) })
        ]),
        [2, 0, 1, 1, 0, 2, 0, 0]
      )
    })
  ),

  check(
    "has what is committed, and nothing of a transaction that was rolled back",
    Effect.gen(function* () {
      const audit = yield* AuditStore
      const who = unique("who")
      yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(audit.add(entry(who)), Effect.fail("no"))))
      assert.deepEqual(yield* audit.list({ who }, undefined, 10), { entries: [], next: undefined })
    })
  ),

  check(
    "says who changed a setting, by name or else by who acts",
    Effect.gen(function* () {
      const [audit, settings] = [yield* AuditStore, yield* SettingStore]
      const key = unique("setting")
      const actor = { name: unique("who"), role: "admin" }
      yield* Effect.provideService(settings.set(key, 5), CurrentActor, actor)
      yield* settings.set(key, { a: 1 }, "me")
      yield* settings.remove(key)
      yield* settings.remove(key)
      const { entries } = yield* audit.list({ target: key }, undefined, 10)
      assert.deepEqual(
        entries.map(({ action, details, role, who }) => [who, role, action, details]),
        [
          ["application", "application", "settings.change", null],
          ["me", "application", "settings.change", { value: { a: 1 } }],
          [actor.name, "admin", "settings.change", { value: 5 }]
        ]
      )
    })
  ),

  check(
    "forgets what is old, a few at a time",
    Effect.gen(function* () {
      const audit = yield* AuditStore
      const who = unique("who")
      for (let n = 0; n < 3; n++) yield* audit.add(entry(who))
      assert.equal(yield* audit.forget(1, 10), 0)
      yield* Effect.sleep("5 millis")
      while ((yield* audit.forget(0.000_001, 2)) > 0) {}
      assert.deepEqual((yield* audit.list({ who }, undefined, 10)).entries, [])
    })
  )
]
