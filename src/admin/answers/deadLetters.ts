/**
 * Dead letters and groups of errors.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Processor } from "../../delivery/Processor.ts"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import type { Issue } from "../../errors/PayloadErrors.ts"
import type { DeadLetters } from "../../operations/DeadLetters.ts"
import type { ErrorGroups } from "../../operations/ErrorGroups.ts"
import { CurrentUser } from "../access.ts"
import type { AdminService } from "../adminService.ts"
import {
  DeadLetter,
  DeadLetterDetails,
  type DeadLetterQuery,
  ErrorGroup,
  ErrorGroupDetails,
  ListedErrorGroup,
  type PayloadEdit,
  type PayloadVerdict
} from "../model/deadLetters.ts"
import type { Bounded } from "./bounded.ts"
import { entityOf } from "./entityText.ts"
import { pageOf, shaped } from "./shaped.ts"

const letterOf = shaped(DeadLetter)
const letterDetailsOf = shaped(DeadLetterDetails)
const groupOf = shaped(ErrorGroup)
const listedGroupOf = shaped(ListedErrorGroup)
const groupDetailsOf = shaped(ErrorGroupDetails)

const selectionOf = Effect.fnUntraced(function* ({ aggregate, ...rest }: DeadLetterQuery) {
  if (aggregate === undefined) return rest
  const { module, ...entity } = yield* entityOf(aggregate)
  if (module !== undefined) return { ...rest, aggregate: { module, ...entity } }
  const expected = "module/Type/id, as finance/Invoice/42"
  return yield* new InvalidOption({ option: "aggregate of dead letters", value: aggregate, expected })
})

const affected = (isDone: boolean) => ({ affected: isDone ? 1 : 0 })

const reasonOf = (reason: string | undefined) => (reason === undefined ? {} : { reason })

const seenIn = ({ attemptCount, gaveUpAt }: PayloadEdit) => ({ attemptCount, gaveUpAt })

const verdictOf = (issues: ReadonlyArray<Issue>, isJudged: boolean): PayloadVerdict => ({
  isValid: issues.length === 0,
  isJudged,
  problems: issues.map(({ column = null, line = null, message, path }) => ({ path, message, line, column }))
})

export interface DeadLetterServices {
  readonly letters: DeadLetters["Service"]
  readonly groups: ErrorGroups["Service"]
  readonly processor: Processor["Service"]
}

export const deadLettersOver = (
  { groups, letters, processor }: DeadLetterServices,
  { ask, unlessTheirs }: Bounded
): Pick<AdminService, "deadLetters" | "errorGroups"> => ({
  deadLetters: {
    list: (query) =>
      ask(
        Effect.gen(function* () {
          const { deadLetters, next } = yield* letters.list({ limit: 50, ...(yield* selectionOf(query)) })
          return pageOf(deadLetters, letterOf, next)
        })
      ),
    get: (id) =>
      ask(
        Effect.map(letters.inspect(id), ({ originalPayloadText, payloadText, metadata, ...letter }) =>
          letterDetailsOf({
            ...letter,
            payload: payloadText,
            originalPayload: originalPayloadText,
            metadata: metadata === null ? null : JSON.stringify(metadata),
            visibility: "full"
          })
        )
      ),
    requeue: (id, { reason }) => ask(Effect.map(letters.requeue(id, reasonOf(reason)), affected)),
    check: (id, { payload }) =>
      ask(
        letters.check(id, payload).pipe(
          Effect.map(({ hasHandler }) => verdictOf([], hasHandler)),
          Effect.catchTag(["EventDecodingError", "EventEncodingError"], ({ issues }) =>
            Effect.succeed(verdictOf(issues, true))
          )
        )
      ),
    edit: (id, edit) =>
      ask(
        Effect.map(
          letters.requeue(id, { payloadText: edit.payload, expect: seenIn(edit), ...reasonOf(edit.reason) }),
          affected
        )
      ),
    discard: (id, { reason }) => ask(Effect.map(letters.discard(id, reasonOf(reason)), affected))
  },
  errorGroups: {
    list: ({ state, ...query }) =>
      Effect.andThen(
        unlessTheirs(processor.flush),
        ask(
          Effect.map(groups.list({ ...query, ...(state === undefined ? {} : { states: state }) }), (page) =>
            pageOf(page.groups, listedGroupOf, page.next)
          )
        )
      ),
    get: (fingerprint) => ask(Effect.map(groups.get(fingerprint), groupDetailsOf)),
    change: (fingerprint, change) =>
      ask(Effect.flatMap(CurrentUser, ({ name }) => Effect.map(groups.change(fingerprint, change, name), groupOf)))
  }
})
