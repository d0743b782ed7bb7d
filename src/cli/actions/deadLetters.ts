/**
 * `dead-letters`: one by one.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { DeadLetterDetails } from "../../admin/model/deadLetters.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import { cleanLines } from "../output/clean.ts"
import { indented } from "../output/jsonText.ts"
import type { Surface } from "../output/style.ts"
import { fields, heading, table } from "../output/table.ts"
import { count, entityName, when, whenInFull } from "../output/words.ts"
import { note, tell } from "../session.ts"
import { suggested } from "../suggested.ts"
import { deadLetterTable, goOn } from "./lists.ts"

/** Which dead letters are meant, as flags say it. */
export interface FilterInput {
  readonly consumer: string | undefined
  readonly event: string | undefined
  readonly tag: string | undefined
  readonly error: string | undefined
  readonly aggregate: string | undefined
  readonly undecodable: boolean
  readonly since: Date | undefined
  readonly until: Date | undefined
}

/** What `dead-letters list` takes. */
export interface ListInput extends FilterInput {
  readonly limit: number | undefined
  readonly after: string | undefined
}

/** The filter without the aggregate, which is written in two ways. */
export const filterOf = ({ consumer, error, event, since, tag, undecodable, until }: FilterInput) =>
  given({
    consumer,
    eventName: event,
    errorTag: tag,
    fingerprint: error,
    isUndecodable: undecodable ? true : undefined,
    since,
    until
  })

/** Dead letters, the last first. */
export const list = (input: ListInput) =>
  asking(
    Effect.gen(function* () {
      const { after, aggregate, limit } = input
      const page = yield* (yield* Admin).deadLetters.list({ ...filterOf(input), ...given({ aggregate, after, limit }) })
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(page, (surface) => deadLetterTable(surface, page.items, now))
      yield* goOn(page, "dead letters")
      return exitCodes.done
    })
  )

const payloadTitle = ({ isEdited, visibility }: DeadLetterDetails) =>
  `Payload${isEdited ? ", edited" : ""}${visibility === "masked" ? " (masked)" : ""}`

const attemptsText = (surface: Surface, { attempts }: DeadLetterDetails, now: Date) =>
  attempts.length === 0
    ? []
    : [
        "",
        heading(surface, "Attempts"),
        table(
          surface,
          [
            { title: "attempt", isRight: true },
            { title: "outcome" },
            { title: "began" },
            { title: "error", isFlexible: true }
          ],
          attempts.map((each) => [
            count(each.attempt),
            each.outcome,
            when(surface, each.startedAt, now),
            each.error ?? each.errorTag ?? ""
          ])
        )
      ]

const detailsText = (surface: Surface, letter: DeadLetterDetails, now: Date) =>
  [
    fields(surface, [
      ["delivery", letter.deliveryId],
      ["consumer", letter.consumer],
      ["event", `${letter.eventName} v${letter.schemaVersion}`],
      ["event id", letter.eventId],
      ["aggregate", entityName(letter.aggregate)],
      ["error", [letter.lastError ?? "-", "gaveUp"]],
      ["tag", letter.errorTag ?? undefined],
      ["error group", letter.fingerprint ?? undefined],
      ["attempts", count(letter.attemptCount)],
      ["gave up", whenInFull(surface, letter.gaveUpAt, now)],
      ["published", whenInFull(surface, letter.createdAt, now)],
      ["correlation", letter.correlationId ?? undefined],
      ["caused by", letter.causationId ?? undefined]
    ]),
    "",
    heading(surface, payloadTitle(letter)),
    letter.payload === null
      ? "It is too large to be shown, or may not be seen by you."
      : cleanLines(indented(letter.payload)),
    ...(letter.isEdited && letter.originalPayload !== null
      ? ["", heading(surface, "Payload as it was published"), cleanLines(indented(letter.originalPayload))]
      : []),
    ...attemptsText(surface, letter, now)
  ].join("\n")

/** One dead letter with its payload and attempts. */
export const show = ({ delivery }: { readonly delivery: string }) =>
  asking(
    Effect.gen(function* () {
      const letter = yield* (yield* Admin).deadLetters.get(delivery)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(letter, (surface) => detailsText(surface, letter, now))
      if (letter.fingerprint !== null)
        yield* note(`More of its kind: ${yield* suggested("errors", "show", letter.fingerprint)}`)
      return exitCodes.done
    })
  )
