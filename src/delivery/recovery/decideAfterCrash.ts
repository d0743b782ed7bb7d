/**
 * Attempts in recovery, with notes that outlive a crash.
 *
 * After a process or a connection ended in the middle of a batch, nobody knows which delivery was to blame. So a note is written
 * of each of those that may have been in it before its handler runs. Where a process has ended they are handled alone: a note
 * that is found while the delivery's row is free was left by a crash, and counts as a failed attempt. A connection mostly ends
 * through no fault of theirs, and everything that was due may be suspect: they are handled in batches. A note of one that began
 * with others charges nobody, but it is handled alone from then on.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { ReplicaStore } from "../../stores/ReplicaStore.ts"
import type { CrashDecision } from "../transactions/result.ts"

/**
 * Looks at the notes of suspect deliveries, and writes one of those that are to run: the first, or as many from there on as may run
 * together.
 *
 * @param isExclusive - whether no other attempt in recovery runs in this process
 */
export const decideAfterCrash = Effect.fnUntraced(function* (
  replicas: ReplicaStore["Service"],
  suspects: ReadonlyArray<Claimed>,
  isExclusive: boolean
): Effect.fn.Return<CrashDecision, StoreError> {
  const notes = new Map((yield* replicas.findStarted(suspects)).map((note) => [note.eventId, note]))
  const mustRunAlone = (row: Claimed) => row.recovery?.hasCrashed === true || notes.has(row.eventId)
  const first = suspects[0] as Claimed
  const note = notes.get(first.eventId)
  if (note?.isAlone === true) return { _tag: "ChargeCrash", durationMillis: note.ageMillis }
  if (first.recovery?.hasCrashed === true && !isExclusive) return { _tag: "RunExclusively" }
  const end = suspects.findIndex(mustRunAlone)
  const rows = end === -1 ? suspects : suspects.slice(0, Math.max(1, end))
  yield* replicas.noteStarted(rows)
  return { _tag: "Run", rows }
})
