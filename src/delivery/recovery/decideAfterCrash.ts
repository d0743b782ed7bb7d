/**
 * Attempts in recovery: one delivery at a time, with a note that outlives a crash.
 *
 * After a process or a connection ended in the middle of a batch, nobody knows which delivery was to blame. So those that
 * may have been in it are handled alone, and a note is written of each before its handler runs: a note that is found
 * while the delivery's row is free was left by a crash, and counts as a failed attempt.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { ReplicaStore } from "../../stores/ReplicaStore.ts"
import type { CrashDecision } from "../transactions/result.ts"

/**
 * Looks at the notes of a delivery, and writes one if it is to run.
 *
 * @param isExclusive - whether no other attempt in recovery runs in this process
 */
export const decideAfterCrash = Effect.fnUntraced(function* (
  replicas: ReplicaStore["Service"],
  row: Claimed,
  isExclusive: boolean
): Effect.fn.Return<CrashDecision, StoreError> {
  const note = yield* replicas.findStarted(row)
  if (note !== undefined) return { _tag: "ChargeCrash", durationMillis: note.ageMillis }
  if (row.recovery?.hasCrashed === true && !isExclusive) return { _tag: "RunExclusively" }
  yield* replicas.noteStarted(row, row.attemptCount + 1)
  return { _tag: "Run" }
})
