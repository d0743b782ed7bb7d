/**
 * From how a transaction ended to what that means: pure.
 *
 * @internal
 */
import { Cause, Exit } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { isConnectionLost, isContention } from "../../errors/sqlState.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { isUnresponsive } from "../../stores/unresponsive.ts"
import { Abandoned, PutBack } from "../handlers/handlers.ts"
import { Postponed, type Settled, TransactionResult, Withdrawn } from "./result.ts"

/** What is known of a transaction when it has ended. */
interface Ended {
  /** What it claimed, as far as it was to be handled. */
  readonly rows: ReadonlyArray<Claimed>
  readonly payloadSize: number
  readonly handledMillis: number
  readonly durationMillis: number
  /** Whether contention counts as the failure of a single delivery: it has been repeated often enough. */
  readonly chargesContention: boolean
}

/** What a transaction was left by: its first failure. */
const leftBy = (failure: Cause.Cause<unknown>): unknown => failure.reasons.find(Cause.isFailReason)?.error

const resultOfFailure = (
  failure: Cause.Cause<unknown>,
  { chargesContention, durationMillis, rows }: Ended
): TransactionResult => {
  const left = leftBy(failure)
  if (left instanceof Postponed) return TransactionResult.NeedsRecovery({ isExclusive: left.isExclusive })
  if (left instanceof PutBack) return TransactionResult.PutBack({ rows, snoozed: left.snoozed })
  const abandoned = left instanceof Abandoned ? left : undefined
  const cause = abandoned?.cause ?? failure
  // A failure of the handler's own connections left the transaction in good order.
  if (abandoned === undefined && (isConnectionLost(cause) || isUnresponsive(cause))) {
    return TransactionResult.Lost({ rows })
  }
  if (isContention(cause) && !(chargesContention && rows.length === 1)) return TransactionResult.Contended({ rows })
  return TransactionResult.Failed({ rows, candidates: abandoned?.candidates ?? rows, cause, durationMillis })
}

/** The result of a transaction. A failure before anything was claimed is not about a delivery, and stays one. */
export const resultOf = (exit: Exit.Exit<Settled, unknown>, ended: Ended): Exit.Exit<TransactionResult, StoreError> => {
  const { handledMillis, payloadSize, rows } = ended
  if (Exit.isSuccess(exit)) {
    return Exit.succeed(TransactionResult.Committed({ rows, payloadSize, handledMillis, ...exit.value }))
  }
  if (leftBy(exit.cause) instanceof Withdrawn) return Exit.succeed(TransactionResult.Withdrawn())
  if (rows.length === 0) return Exit.failCause(exit.cause as Cause.Cause<StoreError>)
  return Exit.succeed(resultOfFailure(exit.cause, ended))
}
