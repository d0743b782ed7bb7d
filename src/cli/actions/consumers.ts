/**
 * `consumers`: who handles what, and how it is.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { ConsumerDetails, ConsumerSummary, RetireResult } from "../../admin/model/consumers.ts"
import { confirmed } from "../ask.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import { clean } from "../output/clean.ts"
import { oldestTable } from "../output/oldest.ts"
import { rulesTable, versionText } from "../output/rules.ts"
import { consumerState, openOf, worstFirst } from "../output/states.ts"
import { marked, type Surface } from "../output/style.ts"
import { type Cell, fields, heading, table } from "../output/table.ts"
import { atLeast, count, depthLimit, many, span, when, whenInFull } from "../output/words.ts"
import { note, tell } from "../session.ts"

const number = (value: number) => atLeast(value, depthLimit)

const stateCell = (surface: Surface, consumer: ConsumerSummary): Cell => {
  const { state, word } = consumerState(consumer)
  return [marked({ ...surface, hasColors: false }, state, word), state]
}

const consumerTable = (surface: Surface, consumers: ReadonlyArray<ConsumerSummary>, now: Date) =>
  consumers.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "consumer", isFlexible: true },
          { title: "state" },
          { title: "processes", isRight: true, isOptional: true },
          { title: "ready", isRight: true },
          { title: "delayed", isRight: true, isOptional: true },
          { title: "retrying", isRight: true },
          { title: "parked", isRight: true, isOptional: true },
          { title: "gave up", isRight: true },
          { title: "last seen", isOptional: true }
        ],
        consumers.map((consumer) => [
          consumer.consumer,
          stateCell(surface, consumer),
          count(consumer.servedBy.length),
          number(consumer.depth.ready),
          number(consumer.depth.delayed),
          number(consumer.depth.retrying),
          number(consumer.depth.parked),
          [number(consumer.depth.deadLetters), consumer.depth.deadLetters > 0 ? "gaveUp" : "plain"],
          when(surface, consumer.lastSeenAt, now)
        ])
      )

/** All consumers, the one that needs help most first. */
export const list = (_: object) =>
  asking(
    Effect.gen(function* () {
      const consumers = worstFirst(yield* (yield* Admin).consumers.list)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(consumers, (surface) => consumerTable(surface, consumers, now))
      if (consumers.length === 0) yield* note("There are no consumers.")
      return exitCodes.done
    })
  )

const pausedText = (surface: Surface, { pausedAt, pausedBy, pauseReason }: ConsumerSummary, now: Date) => {
  if (pausedAt === null) return undefined
  const who = pausedBy === null ? "" : ` by ${pausedBy}`
  return `${whenInFull(surface, pausedAt, now)}${who}${pauseReason === null ? "" : `: ${pauseReason}`}`
}

const consumerText = (surface: Surface, consumer: ConsumerDetails, now: Date) => {
  const { depth, oldest, rules, subscriptions } = consumer
  const open = openOf(depth)
  return [
    fields(surface, [
      ["consumer", [consumer.consumer, "bold"]],
      ["state", stateCell(surface, consumer)],
      ["paused", pausedText(surface, consumer, now)],
      ["order", consumer.ordering],
      ["cools until", whenInFull(surface, consumer.coolUntil, now)],
      ["processes", consumer.servedBy.length === 0 ? "none" : consumer.servedBy.join(", ")],
      ["last seen", whenInFull(surface, consumer.lastSeenAt, now)],
      ["open", open === 0 ? "0" : `${number(open)}, the oldest for ${span(depth.oldestMillis)}`],
      ["ready", number(depth.ready)],
      ["delayed", number(depth.delayed)],
      ["retrying", number(depth.retrying)],
      ["leased", number(depth.leased)],
      ["parked", number(depth.parked)],
      ["gave up", [number(depth.deadLetters), depth.deadLetters > 0 ? "gaveUp" : "plain"]]
    ]),
    "",
    heading(surface, "Subscriptions"),
    subscriptions.length === 0
      ? "None."
      : table(
          surface,
          [
            { title: "event", isFlexible: true },
            { title: "versions" },
            { title: "priority", isRight: true },
            { title: "served" }
          ],
          subscriptions.map((each) => [
            each.event,
            versionText(each),
            count(each.priority),
            each.isServed ? "yes" : "no"
          ])
        ),
    ...(oldest.deliveries.length === 0
      ? []
      : ["", heading(surface, "Open for the longest time"), oldestTable(surface, oldest, now)]),
    ...(rules.length === 0 ? [] : ["", heading(surface, "In force"), rulesTable(surface, rules)])
  ].join("\n")
}

/** One consumer. */
export const show = ({ consumer: name }: { readonly consumer: string }) =>
  asking(
    Effect.gen(function* () {
      const consumer = yield* (yield* Admin).consumers.get(name)
      const now = new Date(yield* Clock.currentTimeMillis)
      yield* tell(consumer, (surface) => consumerText(surface, consumer, now))
      return exitCodes.done
    })
  )

interface Named {
  readonly consumer: string
  readonly reason: string | undefined
}

/** No process begins a delivery of it any more, until it is resumed. */
export const pause = ({ consumer, reason }: Named) =>
  asking(
    Effect.gen(function* () {
      const paused = yield* (yield* Admin).consumers.pause(consumer, given({ reason }))
      yield* tell(paused, () => clean(`Paused: ${paused.consumer}. What is published meanwhile waits.`))
      return exitCodes.done
    })
  )

/** Goes on with it. */
export const resume = ({ consumer, reason }: Named) =>
  asking(
    Effect.gen(function* () {
      const resumed = yield* (yield* Admin).consumers.resume(consumer, given({ reason }))
      const open = openOf(resumed.depth)
      yield* tell(resumed, () => clean(`Resumed: ${resumed.consumer}. ${number(open)} open.`))
      return exitCodes.done
    })
  )

/** What `consumers retire` takes. */
export interface RetireInput extends Named {
  readonly event: string | undefined
  readonly skipOpen: boolean
  readonly force: boolean
  readonly yes: boolean
}

const openText = (surface: Surface, { open }: RetireResult) =>
  table(
    surface,
    [{ title: "delivery" }, { title: "event", isFlexible: true }, { title: "event id" }],
    open.map(({ deliveryId, eventId, eventName }) => [deliveryId, eventName, eventId])
  )

/** Ends subscriptions; with open deliveries nothing is changed unless they are to be skipped. */
export const retire = (input: RetireInput) =>
  asking(
    Effect.gen(function* () {
      const { consumer, event, force, reason, skipOpen, yes } = input
      const { consumers } = yield* Admin
      const open = openOf((yield* consumers.get(consumer)).depth)
      const which = event === undefined ? "all subscriptions" : `the subscription to ${event}`
      const fate = skipOpen ? ` Up to ${number(open)} open deliveries are skipped.` : ""
      yield* confirmed(`End ${which} of ${consumer}?${fate}`, yes)
      const result = yield* consumers.retire(
        consumer,
        given({ event, reason, open: skipOpen ? ("skip" as const) : undefined, force: force ? true : undefined })
      )
      yield* tell(result, (surface) =>
        result.isRetired
          ? `Ended ${many(result.subscriptions, "subscription")}; ${many(result.skipped, "delivery", "deliveries")} skipped.`
          : openText(surface, result)
      )
      if (result.isRetired) return exitCodes.done
      yield* note("Nothing was changed: these are open. Let a process handle them, or add --skip-open.")
      return exitCodes.notDone
    })
  )
