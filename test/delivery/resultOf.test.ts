/** What a transaction's end means, case by case. */
import { assert, it } from "@effect/vitest"
import { Cause, Exit } from "effect"
import { SqlError } from "effect/sql"
import { Abandoned } from "../../src/delivery/handlers/handlers.ts"
import { Postponed, Withdrawn } from "../../src/delivery/transactions/result.ts"
import { resultOf } from "../../src/delivery/transactions/resultOf.ts"
import { StoreError } from "../../src/errors/StoreErrors.ts"
import type { Claimed } from "../../src/stores/Delivery.ts"

const row = (deliveryId: string): Claimed => ({
  deliveryId,
  eventId: `event-${deliveryId}`,
  consumer: "test",
  attemptCount: 0,
  eventName: "happened",
  schemaVersion: 1,
  sourceModule: "test",
  aggregateType: "Thing",
  aggregateId: "1",
  payload: {},
  metadata: null,
  oversizeBytes: null,
  correlationId: null,
  causationId: null,
  traceparent: null,
  createdAt: new Date(0),
  tier: null,
  lateMillis: 0,
  recovery: null
})

const [first, second] = [row("first"), row("second")]
const none = [] as ReadonlyArray<Claimed>
const one = [first]
const two = [first, second]

const contention = { code: "40P01" }
const connectionLost = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: new Error("gone"), message: "gone", operation: "query" })
})
const unavailable = new StoreError({ operation: "inbox.claim", reason: "down", isRetryable: true, cause: undefined })
const bug = new Error("bug")

const committed = { processed: one, others: [] }

interface Case {
  readonly what: string
  readonly exit: Exit.Exit<typeof committed, unknown>
  readonly rows: ReadonlyArray<Claimed>
  readonly chargesContention?: boolean
  readonly expected: string
  readonly candidates?: ReadonlyArray<Claimed>
}

const abandoned = (candidates: ReadonlyArray<Claimed>, error: unknown) =>
  Exit.fail(new Abandoned({ candidates, cause: Cause.fail(error) }))

const cases: ReadonlyArray<Case> = [
  { what: "a commit", exit: Exit.succeed(committed), rows: one, expected: "Committed" },
  { what: "a commit of nothing", exit: Exit.succeed(committed), rows: none, expected: "Committed" },
  {
    what: "a batch that follows one that was not committed",
    exit: Exit.fail(new Withdrawn()),
    rows: two,
    expected: "Withdrawn"
  },
  { what: "the same with nothing claimed", exit: Exit.fail(new Withdrawn()), rows: none, expected: "Withdrawn" },
  {
    what: "a suspect delivery",
    exit: Exit.fail(new Postponed({ isExclusive: true })),
    rows: one,
    expected: "NeedsRecovery"
  },
  {
    what: "a handler that fails in a batch",
    exit: abandoned([second], bug),
    rows: two,
    expected: "Failed",
    candidates: [second]
  },
  {
    what: "a handler whose own connection was lost",
    exit: abandoned(one, connectionLost),
    rows: one,
    expected: "Failed",
    candidates: one
  },
  { what: "a handler that met others' locks", exit: abandoned([second], contention), rows: two, expected: "Contended" },
  { what: "the same alone", exit: abandoned(one, contention), rows: one, expected: "Contended" },
  {
    what: "the same alone, often enough",
    exit: abandoned(one, contention),
    rows: one,
    chargesContention: true,
    expected: "Failed",
    candidates: one
  },
  {
    what: "contention of several, often enough",
    exit: Exit.fail(contention),
    rows: two,
    chargesContention: true,
    expected: "Contended"
  },
  { what: "a COMMIT that fails", exit: Exit.fail(bug), rows: two, expected: "Failed", candidates: two },
  { what: "a defect", exit: Exit.die(bug), rows: one, expected: "Failed", candidates: one },
  { what: "a connection that was lost", exit: Exit.die(connectionLost), rows: two, expected: "Lost" },
  {
    what: "a connection lost before anything was claimed",
    exit: Exit.die(connectionLost),
    rows: none,
    expected: "failure"
  },
  { what: "a claim that fails", exit: Exit.fail(unavailable), rows: none, expected: "failure" }
]

for (const { candidates, chargesContention = false, exit, expected, rows, what } of cases) {
  it(`${what}: ${expected}`, () => {
    const result = resultOf(exit, { rows, payloadSize: 7, handledMillis: 0, durationMillis: 5, chargesContention })
    if (expected === "failure") return assert.deepEqual<unknown>(result, exit)
    assert.isTrue(Exit.isSuccess(result))
    if (Exit.isFailure(result)) return
    assert.strictEqual(result.value._tag, expected)
    if (result.value._tag === "Committed") assert.deepInclude(result.value, { rows, payloadSize: 7, ...committed })
    if (result.value._tag === "Failed")
      assert.deepInclude<object>(result.value, { candidates, rows, durationMillis: 5 })
  })
}
