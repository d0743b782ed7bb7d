/**
 * `events` and `trace`: what was published, and what became of it.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { EventDetails, EventPage, EventQuery, EventSummary } from "../../admin/model/events.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import { cleanLines } from "../output/clean.ts"
import { indented } from "../output/jsonText.ts"
import { lineageText } from "../output/lineage.ts"
import { deliveryState, eventState, heldUpBy } from "../output/states.ts"
import { marked, type Surface } from "../output/style.ts"
import { fields, heading, table } from "../output/table.ts"
import { count, entityName, instant, many, when, whenInFull } from "../output/words.ts"
import { note, tell } from "../session.ts"
import { showReceived } from "./receivedPayload.ts"

/** What `events find` takes. */
export interface FindInput {
  readonly name: ReadonlyArray<string>
  readonly module: ReadonlyArray<string>
  readonly status: ReadonlyArray<"pending" | "processing" | "processed" | "failed" | "dead_letter">
  readonly consumer: string | undefined
  readonly aggregate: string | undefined
  readonly correlation: string | undefined
  readonly causation: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  readonly payload: ReadonlyArray<string>
  readonly text: string | undefined
  readonly limit: number | undefined
  readonly after: string | undefined
  readonly budget: number | undefined
}

/** Milliseconds for which a search goes on by itself when it has not found enough. */
const patience = 2000

const some = <A>(list: ReadonlyArray<A>) => (list.length === 0 ? undefined : list)

const queryOf = (input: FindInput): EventQuery =>
  given({
    name: some(input.name),
    module: some(input.module),
    status: some(input.status),
    consumer: input.consumer,
    aggregate: input.aggregate,
    correlationId: input.correlation,
    causationId: input.causation,
    since: input.since,
    until: input.until,
    payload: some(input.payload),
    text: input.text,
    limit: input.limit,
    after: input.after,
    budget: input.budget
  })

/** Asks for slice after slice until enough is found, nothing is left, or it takes too long. */
const search = Effect.fnUntraced(function* (query: EventQuery) {
  const { events } = yield* Admin
  const limit = query.limit ?? 50
  let page: EventPage = yield* events.find({ ...query, limit })
  const until = (yield* Clock.currentTimeMillis) + patience
  while (page.next !== undefined && page.found.length < limit && (yield* Clock.currentTimeMillis) < until) {
    const more: EventPage = yield* events.find({ ...query, limit: limit - page.found.length, after: page.next })
    page = { ...more, found: [...page.found, ...more.found], looked: page.looked + more.looked }
  }
  return page
})

const deliveriesOf = ({ deliveries, isRouted }: EventSummary) => {
  if (!isRouted) return "not routed yet"
  const words = deliveries.map((each) => deliveryState(each).word)
  return [...new Set(words)].map((word) => `${words.filter((each) => each === word).length} ${word}`).join(", ")
}

const foundTable = (surface: Surface, { found }: EventPage, now: Date) =>
  found.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "published" },
          { title: "event", isFlexible: true },
          { title: "aggregate", isFlexible: true, isOptional: true },
          { title: "deliveries", isFlexible: true },
          { title: "id" }
        ],
        found.map((event) => [
          when(surface, event.createdAt, now),
          `${event.eventName} v${event.schemaVersion}`,
          entityName(event.aggregate),
          deliveriesOf(event),
          event.id
        ])
      )

/** How far it was looked, and how to go on. */
const reach = ({ found, isComplete, looked, lookedBackTo, next }: EventPage) => {
  const back = lookedBackTo === null ? "" : `, back to ${instant(lookedBackTo)}`
  const rest = isComplete || next === undefined ? "that is all there is" : `go on with --after ${next}`
  return `${count(found.length)} found in ${many(looked, "event")}${back}; ${rest}.`
}

/** Looks for events, the last first. */
export const find = (input: FindInput) =>
  asking(
    Effect.gen(function* () {
      const page = yield* search(queryOf(input))
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(page, (surface) => foundTable(surface, page, now))
      yield* note(reach(page))
      return exitCodes.done
    })
  )

const documentText = (surface: Surface, title: string, text: string | null, without: string) => [
  "",
  heading(surface, title),
  text === null ? without : cleanLines(indented(text))
]

const withoutPayload = ({ oversizeBytes, visibility }: EventDetails) =>
  visibility === "full" && oversizeBytes !== null
    ? `It has ${count(oversizeBytes)} bytes, which is too much to be shown.`
    : "It may not be seen by you."

/** Attempts of what failed at least once; of the one that succeeded the end is stored only. */
const attemptsOf = (surface: Surface, event: EventDetails, now: Date) => {
  const rows = event.deliveries.flatMap(({ attemptCount, attempts, consumer, processedAt, status }) => [
    ...attempts.map((each) => [
      consumer,
      count(each.attempt),
      each.outcome,
      when(surface, each.startedAt, now),
      when(surface, each.finishedAt, now),
      each.error ?? each.errorTag ?? ""
    ]),
    ...(status === "processed" && attempts.length > 0
      ? [[consumer, count(attemptCount), "succeeded", "", when(surface, processedAt, now), ""]]
      : [])
  ])
  const columns = [
    { title: "consumer", isFlexible: true },
    { title: "attempt", isRight: true },
    { title: "outcome" },
    { title: "began" },
    { title: "ended", isOptional: true },
    { title: "error", isFlexible: true }
  ]
  return rows.length === 0 ? [] : ["", heading(surface, "Attempts"), table(surface, columns, rows)]
}

const deliveryTable = (surface: Surface, event: EventDetails, now: Date) =>
  event.deliveries.length === 0
    ? event.isRouted
      ? "None: nobody subscribes to it."
      : "Not written yet."
    : table(
        surface,
        [
          { title: "consumer", isFlexible: true },
          { title: "state" },
          { title: "attempts", isRight: true, isOptional: true },
          { title: "settled", isOptional: true },
          { title: "delivery" },
          { title: "reason", isFlexible: true }
        ],
        event.deliveries.map((delivery) => {
          const { state, word } = deliveryState(delivery)
          return [
            delivery.consumer,
            [marked({ ...surface, hasColors: false }, state, word), state],
            count(delivery.attemptCount),
            when(surface, delivery.processedAt, now),
            delivery.deliveryId,
            delivery.waitsFor === null ? (delivery.lastError ?? "") : heldUpBy(delivery.waitsFor)
          ]
        })
      )

const detailsText = (surface: Surface, event: EventDetails, now: Date) => {
  const { state, word } = eventState(event.status)
  return [
    fields(surface, [
      ["event", `${event.eventName} v${event.schemaVersion}`],
      ["id", event.id],
      ["status", [marked({ ...surface, hasColors: false }, state, word), state]],
      ["aggregate", entityName(event.aggregate)],
      ["published", whenInFull(surface, event.createdAt, now)],
      ["correlation", event.correlationId ?? undefined],
      ["caused by", event.causationId ?? undefined],
      ["origin", event.origin ?? undefined],
      ["dedupe key", event.dedupeKey ?? undefined],
      ["trace", event.traceparent ?? undefined]
    ]),
    ...documentText(
      surface,
      event.visibility === "masked" ? "Payload (masked)" : "Payload",
      event.payload,
      withoutPayload(event)
    ),
    ...(event.metadata === null ? [] : documentText(surface, "Metadata", event.metadata, "")),
    "",
    heading(surface, "Deliveries"),
    deliveryTable(surface, event, now),
    ...attemptsOf(surface, event, now)
  ].join("\n")
}

/** One event with all there is of it. */
export const show = ({ as, id }: { readonly id: string; readonly as: string | undefined }) =>
  as === undefined ? showEvent(id) : showReceived(id, as)

const showEvent = (id: string) =>
  asking(
    Effect.gen(function* () {
      const event = yield* (yield* Admin).events.get(id)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(event, (surface) => detailsText(surface, event, now))
      return exitCodes.done
    })
  )

/** What an event came from, and what came of it. */
export const trace = ({
  id,
  limit,
  minutes
}: {
  readonly id: string
  readonly limit: number | undefined
  readonly minutes: number | undefined
}) =>
  asking(
    Effect.gen(function* () {
      const tree = yield* (yield* Admin).events.lineage(id, given({ limit, minutes }))
      const now = yield* Clock.currentTimeMillis
      yield* tell(tree, (surface) => lineageText(surface, tree, id))
      if (tree.isCut) yield* note(`There is more than is shown: looked until ${instant(tree.lookedUntil)}.`)
      else if (tree.lookedUntil.getTime() < now) {
        yield* note(`What followed was looked for until ${instant(tree.lookedUntil)}; --minutes looks further.`)
      }
      return exitCodes.done
    })
  )
