/** The rules of a consumer, of what several processes say. */
import { assert, describe, it } from "@effect/vitest"
import { rulesInForce, versionsRead } from "../../src/admin/answers/rules.ts"
import { inForce } from "../../src/settings/inForce.ts"
import type { Served } from "../../src/stores/ReplicaStore.ts"

const settings = inForce({ option: {}, environment: { maxAttempts: "4" }, stored: { processingLeaseMs: 10_000 } })

const served = (id: string, more: Partial<Served>) => ({
  id,
  host: null,
  pid: null,
  served: {
    consumer: "billing",
    ordering: "none",
    names: ["invoice.created"],
    patterns: [],
    workers: 1,
    batch: 64,
    ...more
  } satisfies Served
})

const valuesOf = (serving: Parameters<typeof rulesInForce>[0], name: string) =>
  rulesInForce(serving, settings).find((rule) => rule.name === name)?.values

describe("rules in force", () => {
  it("are those of settings where code says nothing, with their sources, and a timeout that goes by the lease", () => {
    const alike = [served("one", { options: {} }), served("two", { options: {} })]
    assert.deepStrictEqual(valuesOf(alike, "maxAttempts"), [{ value: 4, source: "environment", processes: [] }])
    assert.deepStrictEqual(valuesOf(alike, "timeoutMs"), [{ value: 8000, source: "stored", processes: [] }])
    assert.isUndefined(valuesOf(alike, "onDeadLetter"))
  })

  it("name the processes where they differ, and say of an earlier version that it is not known", () => {
    const different = [
      served("one", { options: { maxAttempts: 9 } }),
      served("two", { options: { maxAttempts: 9, ordering: "aggregate" }, ordering: "aggregate" }),
      served("old", {})
    ]
    assert.deepStrictEqual(valuesOf(different, "maxAttempts"), [
      { value: 9, source: "code", processes: ["one", "two"] },
      { value: null, source: "unknown", processes: ["old"] }
    ])
    assert.deepStrictEqual(valuesOf(different, "delayed"), [{ value: "hold", source: "default", processes: ["two"] }])
    assert.deepStrictEqual(rulesInForce([], settings), [])
  })

  it("go with the versions that are read", () => {
    const serving = [
      served("one", { versions: { "invoice.created": 1 }, patterns: ["order.*"] }),
      served("two", { versions: { "invoice.created": 2 } })
    ]
    assert.deepStrictEqual(versionsRead(serving, "invoice.created"), [
      { version: 1, processes: ["one"] },
      { version: 2, processes: ["two"] }
    ])
    assert.deepStrictEqual(versionsRead(serving, "order.*"), [{ version: null, processes: ["one"] }])
    assert.deepStrictEqual(versionsRead(serving, "nothing"), [])
  })
})
