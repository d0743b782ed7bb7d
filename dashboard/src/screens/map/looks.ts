/** How much and how bad, as lines and words. */
import { short } from "../../words/numbers.ts"
import type { GraphEdge, GraphNode } from "./graph.ts"
import type { Trouble } from "./model.ts"

export const tokens: Readonly<Record<Trouble, string>> = {
  none: "--edge",
  retrying: "--retrying",
  "gave-up": "--gave-up"
}

/** From 1 to 6 pixels, by the logarithm of how many a minute. */
export const lineWidth = ({ count }: GraphEdge, minutes: number): number =>
  Math.min(6, 1 + 1.3 * Math.log10(1 + count / minutes))

/** How often, in the unit that says most. */
export const rateText = (count: number, minutes: number): string => {
  if (count === 0) return "silent"
  const perMinute = count / minutes
  if (perMinute >= 60) return `${short(Math.round(perMinute / 6) / 10)}/s`
  if (perMinute >= 1) return `${short(Math.round(perMinute * 10) / 10)}/min`
  return `${short(Math.max(0.1, Math.round(perMinute * 600) / 10))}/h`
}

/** What is written on a node. */
export const nameOf = ({ kind, name, size }: GraphNode): string => {
  if (kind !== "events" && kind !== "consumers") return name
  return size === 1 ? `1 ${kind.slice(0, -1)}` : `${size} ${kind}`
}

/** A node in words, for those who hear the page and on hover. */
export const wordsOf = (node: GraphNode, minutes: number): string => {
  const { count, isHollow, isPaused, kind, name, trouble } = node
  const kinds = {
    module: `Module ${name}`,
    event: `Event ${name}`,
    consumer: `Consumer ${name}`,
    events: `${nameOf(node)} of ${name}`,
    consumers: `${nameOf(node)} of ${name}`
  }
  const parts = [kinds[kind], rateText(count, minutes)]
  if (trouble === "retrying") parts.push("attempts are retried")
  if (trouble === "gave-up") parts.push("deliveries gave up")
  if (isPaused) parts.push("paused")
  if (isHollow) parts.push(kind === "event" ? "no consumer" : "nobody serves it")
  return parts.join(", ")
}
