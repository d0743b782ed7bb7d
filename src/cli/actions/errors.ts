/**
 * `errors`: failures by their cause.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { ErrorGroup, ErrorGroupChange, ErrorGroupDetails, ErrorGroupState } from "../../admin/model/deadLetters.ts"
import { taggedTitle } from "../../admin/taggedTitle.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import { clean, cleanLines } from "../output/clean.ts"
import { groupState, isLeftOver } from "../output/states.ts"
import { marked, type Surface } from "../output/style.ts"
import { type Cell, fields, heading, table } from "../output/table.ts"
import { atLeast, count, groupLimit, when, whenInFull } from "../output/words.ts"
import { note, tell } from "../session.ts"
import { suggested } from "../suggested.ts"
import { deadLetterTable, goOn } from "./lists.ts"

/** What `errors list` takes. */
export interface ListInput {
  readonly state: ReadonlyArray<ErrorGroupState>
  readonly consumer: string | undefined
  readonly tag: string | undefined
  readonly open: boolean
  readonly since: Date | undefined
  readonly limit: number | undefined
  readonly after: string | undefined
}

const stateCell = (surface: Surface, group: ErrorGroup): Cell => {
  const { state, word } = groupState(group)
  return [marked({ ...surface, hasColors: false }, state, word), state]
}

const groupTable = (surface: Surface, groups: ReadonlyArray<ErrorGroup>, now: Date) =>
  groups.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "state" },
          { title: "error", isFlexible: true },
          { title: "consumer", isFlexible: true },
          { title: "gave up", isRight: true },
          { title: "retrying", isRight: true },
          { title: "last seen", isOptional: true },
          { title: "fingerprint" }
        ],
        groups.map((group) => [
          stateCell(surface, group),
          taggedTitle(group),
          group.consumer,
          [atLeast(group.gaveUp, groupLimit), group.gaveUp > 0 ? "gaveUp" : "plain"],
          [atLeast(group.retrying, groupLimit), group.retrying > 0 ? "retrying" : "plain"],
          when(surface, group.lastSeenAt, now),
          group.fingerprint
        ])
      )

/** Groups, the last seen first. */
export const list = ({ after, consumer, limit, open, since, state, tag }: ListInput) =>
  asking(
    Effect.gen(function* () {
      const page = yield* (yield* Admin).errorGroups.list(
        given({
          state: state.length === 0 ? undefined : state,
          consumer,
          errorTag: tag,
          onlyOpen: open ? true : undefined,
          since,
          after,
          limit
        })
      )
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(page, (surface) => groupTable(surface, page.items, now))
      yield* goOn(page, "error groups")
      return exitCodes.done
    })
  )

const stateText = (group: ErrorGroup) => {
  const until = group.ignoredUntil === null ? "" : ` until ${group.ignoredUntil.toISOString()}`
  const by = group.changedBy === null ? "" : `, by ${group.changedBy}`
  const left = isLeftOver(group) ? ": no delivery gave up with it, or is retried, any more" : ""
  return `${groupState(group).word}${left}${until}${by}`
}

const differsText = (surface: Surface, { differs }: ErrorGroupDetails) =>
  differs.length === 0
    ? []
    : [
        "",
        heading(surface, "What differs"),
        ...differs.map(({ placeholder, values }) =>
          clean(`${placeholder}: ${values.map(({ count: times, value }) => `${value} (${count(times)})`).join(", ")}`)
        )
      ]

/** Dead letters that are shown with their group. */
const shown = 10

const detailsText = (surface: Surface, group: ErrorGroupDetails, now: Date) =>
  [
    fields(surface, [
      ["error", [taggedTitle(group), "bold"]],
      ["state", [stateText(group), groupState(group).state]],
      ["note", group.note ?? undefined],
      ["consumer", group.consumer],
      ["events", group.events.join(", ")],
      ["versions", group.versions.length === 0 ? undefined : group.versions.join(", ")],
      ["attempts", count(group.attempts)],
      ["gave up", atLeast(group.gaveUp, groupLimit)],
      ["retrying", atLeast(group.retrying, groupLimit)],
      ["behind them", group.behind === 0 ? undefined : `${atLeast(group.behind, groupLimit)} parked`],
      ["first seen", whenInFull(surface, group.firstSeenAt, now)],
      ["last seen", whenInFull(surface, group.lastSeenAt, now)],
      ["fingerprint", group.fingerprint]
    ]),
    "",
    heading(surface, "Sample"),
    cleanLines(group.sampleDetail ?? group.sample),
    ...differsText(surface, group),
    ...(group.deliveries.length === 0
      ? []
      : ["", heading(surface, "Dead letters"), deadLetterTable(surface, group.deliveries.slice(0, shown), now)]),
    ...(group.gaveUp > shown
      ? [`The last ${shown} of ${atLeast(group.gaveUp, groupLimit)}: dead-letters list --error ${group.fingerprint}`]
      : [])
  ].join("\n")

/** One group with what differs in it. */
export const show = ({ fingerprint }: { readonly fingerprint: string }) =>
  asking(
    Effect.gen(function* () {
      const group = yield* (yield* Admin).errorGroups.get(fingerprint)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(group, (surface) => detailsText(surface, group, now))
      if (group.gaveUp > 0)
        yield* note(`Requeue them: ${yield* suggested("dead-letters", "requeue", "--error", group.fingerprint)}`)
      if (isLeftOver(group))
        yield* note(`Say that its cause is gone: ${yield* suggested("errors", "resolve", group.fingerprint)}`)
      return exitCodes.done
    })
  )

const changed = (fingerprint: string, change: ErrorGroupChange, done: string) =>
  asking(
    Effect.gen(function* () {
      const group = yield* (yield* Admin).errorGroups.change(fingerprint, change)
      yield* tell(group, () => clean(`${done}: ${taggedTitle(group)}`))
      return exitCodes.done
    })
  )

/** Says that its cause is gone. */
export const resolve = ({
  fingerprint,
  note: words
}: {
  readonly fingerprint: string
  readonly note: string | undefined
}) => changed(fingerprint, given({ state: "resolved" as const, note: words }), "Resolved")

/** Says that it is of no interest, for a while or until it is said otherwise. */
export const ignore = (input: {
  readonly fingerprint: string
  readonly note: string | undefined
  readonly span: number | undefined
}) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const until = input.span === undefined ? null : new Date(now + input.span)
    const words = until === null ? "Ignored" : `Ignored until ${until.toISOString()}`
    return changed(
      input.fingerprint,
      given({ state: "ignored" as const, ignoredUntil: until, note: input.note }),
      words
    )
  })

/** Says that somebody knows of it. */
export const know = ({
  fingerprint,
  note: words
}: {
  readonly fingerprint: string
  readonly note: string | undefined
}) => changed(fingerprint, given({ state: "known" as const, note: words }), "Known")

/** Writes a note, or removes it. */
export const annotate = ({ fingerprint, text }: { readonly fingerprint: string; readonly text: string }) =>
  changed(fingerprint, { note: text === "" ? null : text }, text === "" ? "Note removed" : "Noted")
