/**
 * What somebody asks of an operation, checked before anything is stored.
 *
 * @internal
 */
import { DateTime, Effect, Option } from "effect"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import type { DeadLetterFilter } from "../stores/DeadLetterStore.ts"
import type { OperationKind } from "../stores/OperationStore.ts"
import type { Filter } from "./DeadLetterSelection.ts"
import { toStoreFilter } from "./deadLetterFilter.ts"

/** How many come first and are waited for. @since 0.1.0 */
export type Canary = 0 | 1 | 5 | 20

/** What is to be done to which dead letters. @since 0.1.0 */
export interface OperationRequest {
  readonly kind: OperationKind
  /** `{}` for all there are. */
  readonly filter: Filter
  /** Only what had given up by then is taken; default now. */
  readonly cutOff?: DateTime.DateTime.Input
  /**
   * So many are requeued first and waited for; when one of them fails again, the others are left alone. Default 0: none is waited for.
   */
  readonly canary?: Canary
  /** Deliveries per second at most, at least 1/3600 (one per hour); default as fast as it goes. */
  readonly pace?: number
  /** For whoever reads the audit; of what is discarded also its last error. Cut to 1023 characters. */
  readonly reason?: string
}

/** A request that can be stored. */
export interface Checked {
  readonly kind: OperationKind
  readonly filter: DeadLetterFilter
  readonly cutOff: Date | undefined
  readonly canary: Canary
  readonly pace: number | null
  readonly reason: string | null
}

const names = ["kind", "filter", "cutOff", "canary", "pace", "reason"]

const canaries: ReadonlyArray<unknown> = [0, 1, 5, 20]

/** Deliveries per second, at least: one per hour. What is slower ends never, and its waits fit no database. */
const leastPace = 1 / 3600

/** Ids that a filter may name: it is kept as it is. */
const mostIds = 10_000

const invalid = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of an operation`, value: String(value), expected })

const problemOf = ({ canary = 0, filter, kind, pace, reason }: OperationRequest): InvalidOption | undefined => {
  if (kind !== "requeue" && kind !== "discard") return invalid("kind", kind, "requeue or discard")
  if (!canaries.includes(canary)) return invalid("canary", canary, "one of 0, 1, 5, 20")
  if (canary !== 0 && kind === "discard") {
    return invalid("canary", canary, "0 for discard: what is discarded cannot fail again")
  }
  if (pace !== undefined && !(typeof pace === "number" && Number.isFinite(pace) && pace >= leastPace)) {
    return invalid(
      "pace",
      pace,
      "a number of deliveries per second, at least 1/3600 (one per hour); left out, it goes as fast as it can"
    )
  }
  if (reason !== undefined && typeof reason !== "string") return invalid("reason", reason, "a text")
  const ids = (filter as Filter | undefined)?.deliveryIds
  if (Array.isArray(ids) && ids.length > mostIds) {
    return invalid("filter.deliveryIds", `a list of ${ids.length}`, `at most ${mostIds} ids`)
  }
  return undefined
}

const timeOf = (input: DateTime.DateTime.Input | undefined) => {
  if (input === undefined) return Effect.succeed(undefined)
  const time = DateTime.make(input)
  return Option.isSome(time)
    ? Effect.succeed(DateTime.toDateUtc(time.value))
    : Effect.fail(invalid("cutOff", input, "a time"))
}

/** Fails with `InvalidOption`, or `UnsupportedOption` for a field that nobody knows. */
export const checkRequest = Effect.fnUntraced(function* (
  request: OperationRequest
): Effect.fn.Return<Checked, InvalidOption | UnsupportedOption> {
  if (typeof request !== "object" || request === null) {
    return yield* invalid("request", request, "an object with kind and filter")
  }
  const unknown = unknownOption("Operations.start", request, names)
  if (unknown !== undefined) return yield* unknown
  const problem = problemOf(request)
  if (problem !== undefined) return yield* problem
  const { canary = 0, kind, pace, reason } = request
  return {
    kind,
    filter: yield* toStoreFilter(request.filter, true),
    cutOff: yield* timeOf(request.cutOff),
    canary,
    pace: pace ?? null,
    reason: reason ?? null
  }
})

/** The error of a cut-off that the store's clock has not come to. */
export const checkCutOff = (cutOff: Date | undefined, at: Date): Effect.Effect<void, InvalidOption> =>
  cutOff === undefined || cutOff <= at
    ? Effect.void
    : Effect.fail(
        invalid("cutOff", cutOff.toISOString(), `a time that has come: the store's clock says ${at.toISOString()}`)
      )
