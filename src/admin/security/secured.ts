/**
 * The administration for somebody who may not do and see everything.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import { type Action, actions, CurrentUser, suffices, type User } from "../access.ts"
import type { AdminService } from "../adminService.ts"
import type { DeadLetterDetails, DeadLetterFilter } from "../model/deadLetters.ts"
import type { EventDetails, EventQuery } from "../model/events.ts"
import { Forbidden, type Problem, type Unauthenticated } from "../problems.ts"
import { stepsOf } from "./documentPaths.ts"
import { isFull, lesser, type Sight, seenOf, show } from "./documents.ts"
import { touches } from "./pathMatching.ts"
import type { Policy } from "./policy.ts"
import { showReceived } from "./showReceived.ts"

/** Lets somebody do something, or refuses. */
export type Check = (action: Action, target?: string) => Effect.Effect<User, Problem>

const forbidden = (detail: string) => new Forbidden({ detail })

/** @param who - who asks; default `CurrentUser` */
export const makeCheck =
  (policy: Policy, who: Effect.Effect<User, Unauthenticated> = CurrentUser): Check =>
  (action, target = "") =>
    Effect.gen(function* () {
      const user = yield* who
      const isEnough = suffices(user.role, action)
      // A rule that fails allows nothing.
      if (isEnough && (yield* Effect.orDie(policy.allow(user, action, target))) === true) return user
      yield* Effect.ignore(policy.refused(user, action, target))
      const why = isEnough ? "a rule of this application forbids it" : `it needs the role ${actions[action]}`
      return yield* forbidden(`${user.name} (${user.role}) may not do ${action}: ${why}. Nothing was changed.`)
    })

const kept = "what is kept from you cannot be searched either, or the search would tell it."

/** Refuses to look for what may not be seen. */
const checkSearch = (query: EventQuery, sight: Sight) => {
  if (query.text !== undefined && !isFull(sight)) {
    return Effect.fail(forbidden(`You do not see all of payloads, and text looks through all of them: ${kept}`))
  }
  for (const each of query.payload ?? []) {
    const path = each.split("=", 1)[0] ?? ""
    const steps = stepsOf(path)
    const isHidden =
      sight.visibility !== "full" || (sight.hidden.length > 0 && (steps === undefined || touches(sight.hidden, steps)))
    if (isHidden) return Effect.fail(forbidden(`You do not see ${path} of payloads: ${kept}`))
  }
  return Effect.void
}

const showEvent = (event: EventDetails, sight: Sight): EventDetails => {
  const payload = show(event.payload, sight)
  const metadata = show(event.metadata, sight)
  return {
    ...event,
    payload: payload.text,
    metadata: metadata.text,
    visibility: lesser(seenOf(event.visibility, sight), payload.isWhole && metadata.isWhole),
    deliveries: event.deliveries.map((each) => ({ ...each, payloadOverride: show(each.payloadOverride, sight).text }))
  }
}

const showDeadLetter = (letter: DeadLetterDetails, sight: Sight): DeadLetterDetails => {
  const payload = show(letter.payload, sight)
  const original = show(letter.originalPayload, sight)
  return {
    ...letter,
    payload: payload.text,
    originalPayload: original.text,
    metadata: show(letter.metadata, sight).text,
    visibility: lesser(seenOf(letter.visibility, sight), payload.isWhole && original.isWhole)
  }
}

const targetOf = (filter: DeadLetterFilter) => filter.consumer ?? "*"

/**
 * The same administration, where each question is checked first, answers show what may be seen, and what is done is done by who asks.
 *
 * @param check - made with `makeCheck`
 */
export const secured = (admin: AdminService, policy: Policy, check: Check): AdminService => {
  const may = <A>(action: Action, target: string, ask: (user: User) => Effect.Effect<A, Problem>) =>
    Effect.flatMap(check(action, target), (user) => Effect.provideService(ask(user), CurrentUser, user))

  const { consumers, deadLetters, errorGroups, events, links, operations, settings, statistics } = admin

  /** A payload that is not seen whole would be overwritten with what is shown instead. */
  const checkEdit = (user: User, id: string) => {
    const sight = policy.sightOf(user)
    if (isFull(sight)) return Effect.void
    const refusal = forbidden(
      `You do not see all of the payload of ${id}, so that you cannot edit it: what you do not see would be lost.`
    )
    if (sight.visibility !== "full") return Effect.fail(refusal)
    return Effect.flatMap(deadLetters.get(id), (letter) =>
      showDeadLetter(letter, sight).visibility === "full" ? Effect.void : Effect.fail(refusal)
    )
  }

  return {
    overview: may("overview.read", "", () => admin.overview),
    live: Stream.unwrap(Effect.as(check("overview.read"), admin.live)),
    statistics: {
      series: (request) => may("statistics.read", request.consumer ?? "", () => statistics.series(request)),
      consumers: (span) => may("statistics.read", "", () => statistics.consumers(span)),
      flows: (span) => may("statistics.read", "", () => statistics.flows(span)),
      gauges: (request) => may("statistics.read", request.consumer, () => statistics.gauges(request))
    },
    events: {
      find: (query) =>
        may("events.read", "", (user) => Effect.andThen(checkSearch(query, policy.sightOf(user)), events.find(query))),
      get: (id) =>
        may("events.read", id, (user) => Effect.map(events.get(id), (event) => showEvent(event, policy.sightOf(user)))),
      received: (id, query) =>
        may("events.read", id, (user) =>
          Effect.map(events.received(id, query), (received) => showReceived(received, policy.sightOf(user)))
        ),
      lineage: (id, options) => may("events.read", id, () => events.lineage(id, options))
    },
    errorGroups: {
      list: (query) => may("errorGroups.read", "", () => errorGroups.list(query)),
      get: (id) => may("errorGroups.read", id, () => errorGroups.get(id)),
      change: (id, change) => may("errorGroups.change", id, () => errorGroups.change(id, change))
    },
    deadLetters: {
      list: (query) => may("deadLetters.read", "", () => deadLetters.list(query)),
      get: (id) =>
        may("deadLetters.read", id, (user) =>
          Effect.map(deadLetters.get(id), (letter) => showDeadLetter(letter, policy.sightOf(user)))
        ),
      requeue: (id, options) => may("deadLetters.requeue", id, () => deadLetters.requeue(id, options)),
      check: (id, edit) =>
        may("deadLetters.edit", id, (user) => Effect.andThen(checkEdit(user, id), deadLetters.check(id, edit))),
      edit: (id, edit) =>
        may("deadLetters.edit", id, (user) => Effect.andThen(checkEdit(user, id), deadLetters.edit(id, edit))),
      discard: (id, options) => may("deadLetters.discard", id, () => deadLetters.discard(id, options))
    },
    operations: {
      list: (query) => may("operations.read", "", () => operations.list(query)),
      get: (id) => may("operations.read", id, () => operations.get(id)),
      preview: (request) => may("operations.read", targetOf(request.filter), () => operations.preview(request)),
      start: (request) =>
        may(request.kind === "discard" ? "operations.discard" : "operations.requeue", targetOf(request.filter), () =>
          operations.start(request)
        ),
      stop: (id, options) => may("operations.stop", id, () => operations.stop(id, options))
    },
    consumers: {
      list: may("consumers.read", "", () => consumers.list),
      get: (name) => may("consumers.read", name, () => consumers.get(name)),
      pause: (name, options) => may("consumers.pause", name, () => consumers.pause(name, options)),
      resume: (name, options) => may("consumers.resume", name, () => consumers.resume(name, options)),
      retire: (name, request) => may("consumers.retire", name, () => consumers.retire(name, request))
    },
    links: {
      list: (query) => may("links.read", query.entityId, () => links.list(query)),
      graph: (query) => may("links.read", query.entityId, () => links.graph(query)),
      life: (query) => may("links.read", query.entityId, () => links.life(query))
    },
    contracts: may("contracts.read", "", () => admin.contracts),
    replicas: may("replicas.read", "", () => admin.replicas),
    settings: {
      list: may("settings.read", "", () => settings.list),
      put: (key, put) => may("settings.change", key, () => settings.put(key, put)),
      history: (key) => may("settings.read", key, () => settings.history(key))
    },
    audit: (query) => may("audit.read", "", () => admin.audit(query)),
    doctor: may("doctor.run", "", () => admin.doctor),
    health: admin.health,
    noteRefusal: admin.noteRefusal
  }
}
