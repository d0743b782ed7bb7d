/**
 * Numbers and times in words.
 *
 * @internal
 */
import type { Surface } from "./style.ts"

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 })

/** As `1,204`. */
export const count = (value: number): string => grouped.format(value)

/**
 * A number that was counted up to `most`.
 *
 * @param most - what is more is not known
 */
export const atLeast = (value: number, most: number): string => (value > most ? `${count(most)}+` : count(value))

/** Deliveries of a consumer are counted up to here. */
export const depthLimit = 10_000

/** Deliveries of an error group are counted up to here, and to one more. */
export const groupLimit = 1000

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000]
] as const

/** A span of time in two units at most, as `1 h 5 min`; below a second in milliseconds. */
export const span = (millis: number): string => {
  if (millis < 1000) return `${Math.max(0, Math.round(millis))} ms`
  const first = units.findIndex(([, size]) => millis >= size)
  const [name, size] = units[first] ?? units[3]
  const whole = Math.floor(millis / size)
  const [lesser, lesserSize] = units[first + 1] ?? ["", 0]
  const rest = lesserSize === 0 ? 0 : Math.floor((millis % size) / lesserSize)
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${lesser}`
}

/** A point in time, to the second, in UTC. */
export const instant = (at: Date): string =>
  at
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")

/** How long ago something was, or how long it is to be. */
export const ago = (at: Date, now: Date): string => {
  const millis = now.getTime() - at.getTime()
  return millis < 0 ? `in ${span(-millis)}` : millis < 1000 ? "just now" : `${span(millis)} ago`
}

/** A point in time in a table: its age on a terminal, the time itself elsewhere. */
export const when = (surface: Surface, at: Date | null, now: Date): string => {
  if (at === null) return "-"
  return surface.isTerminal ? ago(at, now) : at.toISOString()
}

/** A point in time by itself: with its age on a terminal. */
export const whenInFull = (surface: Surface, at: Date | null, now: Date): string | undefined => {
  if (at === null) return undefined
  return surface.isTerminal ? `${instant(at)} (${ago(at, now)})` : at.toISOString()
}

/** As `3 dead letters`, `1 dead letter`. */
export const many = (value: number, one: string, more = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : more}`

/** An entity as `finance/Invoice/42`. */
export const entityName = (entity: {
  readonly module: string
  readonly entityType: string
  readonly entityId: string
}): string => `${entity.module}/${entity.entityType}/${entity.entityId}`
