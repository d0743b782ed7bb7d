/**
 * What came of an event, as a tree.
 *
 * @internal
 */
import type { LineageEvent, LineageTree } from "../../admin/model/events.ts"
import { clean } from "./clean.ts"
import { deliveryState } from "./states.ts"
import { marked, type Surface, styled } from "./style.ts"
import { cut } from "./table.ts"
import { entityName, instant } from "./words.ts"

interface Line {
  readonly prefix: string
  readonly text: string
}

const eventLine = (surface: Surface, event: LineageEvent, asked: string) => {
  const name = styled(surface, "bold", clean(`${event.name} v${event.schemaVersion}`))
  const about = clean(`${entityName(event.aggregate)}  ${instant(event.timestamp)}  ${event.id}`)
  return `${name}  ${styled(surface, "dim", about)}${event.id === asked ? "  (asked for)" : ""}`
}

const deliveryLine = (surface: Surface, delivery: LineageEvent["deliveries"][number], room: number) => {
  const { state, word } = deliveryState(delivery)
  const head = `${clean(delivery.consumer)} `
  const error = delivery.lastError === null || state === "done" ? "" : `: ${clean(delivery.lastError)}`
  const rest = surface.isTerminal ? cut(error, Math.max(8, room - head.length - word.length - 2)) : error
  return `${head}${marked(surface, state, word)}${rest}`
}

const linkLine = (surface: Surface, { linkType, source, target }: LineageEvent["links"][number]) =>
  styled(surface, "dim", clean(`link ${linkType}: ${entityName(source)} to ${entityName(target)}`))

/** Deliveries and links of an event, then what it caused; without recursion, as chains may be long. */
const lines = (surface: Surface, tree: LineageTree, asked: string): ReadonlyArray<Line> => {
  const known = new Set(tree.events.map(({ id }) => id))
  const isTop = (event: LineageEvent) =>
    event.id === tree.root || event.causationId === null || !known.has(event.causationId)
  const caused = Map.groupBy(
    tree.events.filter((event) => !isTop(event)),
    ({ causationId }) => causationId
  )
  const result: Array<Line> = []
  type Todo = { readonly event: LineageEvent; readonly first: string; readonly next: string }
  const todo: Array<Todo> = tree.events
    .filter(isTop)
    .toReversed()
    .map((event) => ({ event, first: "", next: "" }))
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { event, first, next } = item
    result.push({ prefix: first, text: eventLine(surface, event, asked) })
    const children = caused.get(event.id) ?? []
    const bar = children.length === 0 ? "   " : "│  "
    const room = surface.columns - next.length - bar.length
    for (const delivery of event.deliveries)
      result.push({ prefix: next + bar, text: deliveryLine(surface, delivery, room) })
    for (const link of event.links) result.push({ prefix: next + bar, text: linkLine(surface, link) })
    const last = children.length - 1
    const below = children.map((child, index) => ({
      event: child,
      first: `${next}${index === last ? "└─ " : "├─ "}`,
      next: `${next}${index === last ? "   " : "│  "}`
    }))
    todo.push(...below.toReversed())
  }
  return result
}

/** The tree as text. */
export const lineageText = (surface: Surface, tree: LineageTree, asked: string): string =>
  [
    ...(tree.unknownCause === null
      ? []
      : [styled(surface, "dim", `caused by ${clean(tree.unknownCause)}, which is not kept here`)]),
    ...lines(surface, tree, asked).map(({ prefix, text }) => `${styled(surface, "dim", prefix)}${text}`)
  ].join("\n")
