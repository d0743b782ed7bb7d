/**
 * `links`: what an entity is linked with, and what happened to it.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { Entity } from "../../admin/model/common.ts"
import type { Life, Link, LinkGraph, Moment } from "../../admin/model/entities.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { given } from "../flags.ts"
import type { Surface } from "../output/style.ts"
import { heading, table } from "../output/table.ts"
import { count, entityName, when } from "../output/words.ts"
import { note, tell } from "../session.ts"
import { goOn } from "./lists.ts"

/** What `links` takes. */
export interface LinksInput {
  readonly entity: Entity
  readonly hops: number | undefined
  readonly life: boolean
  readonly limit: number | undefined
  readonly after: string | undefined
}

const linkTable = (surface: Surface, links: ReadonlyArray<Link>, now: Date) =>
  links.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "from", isFlexible: true },
          { title: "link" },
          { title: "to", isFlexible: true },
          { title: "created" }
        ],
        links.map(({ createdAt, linkType, source, target }) => [
          entityName(source),
          linkType,
          entityName(target),
          when(surface, createdAt, now)
        ])
      )

const graphText = (surface: Surface, { entities, links }: LinkGraph, now: Date) =>
  [
    heading(surface, "Entities"),
    table(
      surface,
      [
        { title: "hops", isRight: true },
        { title: "entity", isFlexible: true }
      ],
      entities.map(({ entity, hops }) => [count(hops), entityName(entity)])
    ),
    ...(links.length === 0 ? [] : ["", heading(surface, "Links"), linkTable(surface, links, now)])
  ].join("\n")

const whatOf = (moment: Moment): string => {
  switch (moment.kind) {
    case "event":
      return moment.eventName
    case "delivery":
      return `${moment.eventName}: ${moment.consumer} ${moment.status}`
    case "link":
      return `${entityName(moment.link.source)} → ${entityName(moment.link.target)} (${moment.link.linkType})`
  }
}

const lifeTable = (surface: Surface, { moments }: Life, now: Date) =>
  moments.length === 0
    ? ""
    : table(
        surface,
        [
          { title: "when" },
          { title: "entity", isFlexible: true },
          { title: "what", isFlexible: true },
          { title: "event" }
        ],
        moments.map((moment) => [
          when(surface, moment.at, now),
          entityName(moment.entity),
          whatOf(moment),
          "eventId" in moment ? moment.eventId : ""
        ])
      )

/** The links of an entity; with hops, the entities around it; or its life. */
export const links = (input: LinksInput) =>
  asking(
    Effect.gen(function* () {
      const { after, entity, hops, life, limit } = input
      const admin = yield* Admin
      const query = { ...entity, ...given({ after, hops, limit }) }
      const now = new Date(yield* Clock.currentTimeMillis)
      if (life) {
        const lived = yield* admin.links.life(query)
        yield* tell(lived, (surface) => lifeTable(surface, lived, now))
        yield* goOn({ ...given({ next: lived.next }), items: lived.moments }, "moments of it")
      } else if (hops !== undefined && hops > 0) {
        const graph = yield* admin.links.graph(query)
        yield* tell(graph, (surface) => graphText(surface, graph, now))
        if (!graph.isComplete) yield* note("There is more within so many hops than is shown.")
      } else {
        const page = yield* admin.links.list(query)
        yield* tell(page, (surface) => linkTable(surface, page.items, now))
        yield* goOn(page, "links of it")
      }
      return exitCodes.done
    })
  )
