/**
 * `dead-letters requeue` and `discard`: one by its id, or many by a filter as an operation.
 *
 * @internal
 */
import { Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { OperationPreview, OperationRequest } from "../../admin/model/operations.ts"
import { confirmed } from "../ask.ts"
import { asking } from "../connect.ts"
import { exitCodes, NotDone } from "../failures.ts"
import { entityOf, given } from "../flags.ts"
import { clean } from "../output/clean.ts"
import { count, many } from "../output/words.ts"
import { note, tell } from "../session.ts"
import { suggested } from "../suggested.ts"
import { type FilterInput, filterOf } from "./deadLetters.ts"
import { followed } from "./operations.ts"

/** What both take. */
export interface ChangeInput extends FilterInput {
  readonly deliveries: ReadonlyArray<string>
  readonly all: boolean
  readonly cutOff: Date | undefined
  /** Only of what is requeued: what is discarded cannot fail again. */
  readonly canary?: 0 | 1 | 5 | 20 | undefined
  readonly pace: number | undefined
  readonly reason: string | undefined
  readonly dryRun: boolean
  readonly detach: boolean
  readonly yes: boolean
}

type Kind = OperationRequest["kind"]

/** From so many on some are tried first, unless it is said otherwise. */
const canaryFrom = 20
const defaultCanary = 5

const verbs = { requeue: "Requeue", discard: "Discard" } as const
const done = { requeue: "Requeued", discard: "Discarded" } as const

const one = Effect.fnUntraced(function* (kind: Kind, deliveryId: string, input: ChangeInput) {
  const { deadLetters } = yield* Admin
  if (kind === "discard") {
    const letter = yield* deadLetters.get(deliveryId)
    const what = `the dead letter of ${letter.eventName} for ${letter.consumer}`
    yield* confirmed(`Discard ${what}? Its handler will never see it.`, input.yes)
  }
  const { affected } = yield* deadLetters[kind](deliveryId, given({ reason: input.reason }))
  yield* tell({ affected }, () => `${done[kind]} ${many(affected, "dead letter")}.`)
  return affected === 0 ? exitCodes.notDone : exitCodes.done
})

const filterIn = (input: ChangeInput): Effect.Effect<OperationRequest["filter"], NotDone> => {
  const { aggregate, deliveries } = input
  const filter = { ...filterOf(input), ...given({ deliveryIds: deliveries.length === 0 ? undefined : deliveries }) }
  return Effect.try({
    try: () => ({ ...filter, ...given({ aggregate: aggregate === undefined ? undefined : entityOf(aggregate) }) }),
    catch: (error) =>
      new NotDone({ detail: `--aggregate takes ${error instanceof Error ? error.message : String(error)}.` })
  })
}

const howMany = ({ count: counted, isExact }: OperationPreview) =>
  `${isExact ? "" : "at least "}${many(counted, "dead letter")}`

const question = (request: OperationRequest, preview: OperationPreview) => {
  const { canary = 0, kind, pace } = request
  const first = canary === 0 ? "" : `, ${canary} first and the rest only if none of those fails again`
  const slowly = pace === undefined ? "" : `, ${count(pace)} a second`
  const order = preview.ordered.length === 0 ? "" : ` Order is kept by ${preview.ordered.join(", ")}.`
  const end = kind === "discard" ? " Their handlers will never see them." : ""
  return `${verbs[kind]} ${howMany(preview)}${first}${slowly}?${order}${end}`
}

const requestOf = Effect.fnUntraced(function* (kind: Kind, input: ChangeInput) {
  const filter = yield* filterIn(input)
  if (Object.keys(filter).length === 0 && !input.all) {
    return yield* new NotDone({
      detail: `Which dead letters? Give ids, a filter as --consumer or --error, or --all for every one.`
    })
  }
  const { cutOff, pace, reason } = input
  return { kind, filter, ...given({ cutOff, pace, reason }) }
})

const several = Effect.fnUntraced(function* (kind: Kind, input: ChangeInput) {
  const { operations } = yield* Admin
  const base = yield* requestOf(kind, input)
  const preview = yield* operations.preview(base)
  const canary = input.canary ?? (kind === "requeue" && preview.count > canaryFrom ? defaultCanary : undefined)
  const request: OperationRequest = { ...base, ...given({ canary }) }
  if (input.dryRun) {
    yield* tell({ ...preview, request }, () => clean(`This would ${kind} ${howMany(preview)}.`))
    return exitCodes.done
  }
  if (preview.count === 0) {
    yield* tell({ ...preview, request }, () => `There is nothing to ${kind}: no dead letter is as you said.`)
    return exitCodes.done
  }
  yield* confirmed(question(request, preview), input.yes)
  const operation = yield* operations.start(request)
  if (!input.detach) return yield* followed(operation)
  yield* tell(operation, () => clean(`Operation ${operation.id} has begun.`))
  yield* note(`See how it goes: ${yield* suggested("operations", "watch", operation.id)}`)
  return exitCodes.done
})

const change = (kind: Kind) => (input: ChangeInput) => {
  const [only, ...more] = input.deliveries
  const isOne = only !== undefined && more.length === 0 && !input.dryRun && Object.keys(filterOf(input)).length === 0
  return asking(isOne && input.aggregate === undefined ? one(kind, only, input) : several(kind, input))
}

/** Gives dead letters to their handlers again. */
export const requeue = change("requeue")

/** Ends dead letters for ever. */
export const discard = change("discard")
