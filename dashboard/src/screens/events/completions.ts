/** What may follow what was typed into the filter: keys, names that are known, statuses, paths of payloads. */
import { useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import type { Consumer, Contract } from "../../api/wire.ts"
import { filterKeys, quoted, statusWords } from "./language.ts"

export interface Completion {
  /** What the word is then. */
  readonly text: string
  readonly help: string
  /** Whether the word is complete with it. */
  readonly isWhole: boolean
}

export interface Known {
  readonly names: ReadonlyArray<string>
  readonly modules: ReadonlyArray<string>
  readonly aggregates: ReadonlyArray<string>
  readonly consumers: ReadonlyArray<string>
  readonly paths: ReadonlyArray<string>
}

const most = 12

const sorted = (values: ReadonlyArray<string>) => [...new Set(values)].toSorted()

type Json = Contract["jsonSchema"][string]

const isObject = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Paths that a schema tells, to three steps. */
const pathsOf = (schema: unknown, before = "", depth = 0): ReadonlyArray<string> => {
  if (depth > 2 || !isObject(schema) || !isObject(schema.properties)) return []
  return Object.entries(schema.properties).flatMap(([key, inner]) => {
    const step = /^[^.[\]":\s]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
    const path = `${before}${step}`
    const inside = pathsOf(inner, path, depth + 1)
    return inside.length === 0 ? [path] : inside
  })
}

export const knownOf = (contracts: ReadonlyArray<Contract>, consumers: ReadonlyArray<Consumer>): Known => ({
  names: sorted([
    ...contracts.map(({ eventName }) => eventName),
    ...consumers.flatMap(({ subscriptions }) => subscriptions.map(({ event }) => event))
  ]),
  modules: sorted(contracts.map(({ sourceModule }) => sourceModule)),
  aggregates: sorted(contracts.map(({ aggregateType, sourceModule }) => `${sourceModule}/${aggregateType}/`)),
  consumers: sorted(consumers.map(({ consumer }) => consumer)),
  paths: sorted(contracts.flatMap(({ jsonSchema }) => pathsOf(jsonSchema)))
})

/** Asked for once, when the filter is used first. */
export const useKnown = (isWanted: boolean): Known => {
  const contracts = useAsk("/contracts", {}, { every: false, enabled: isWanted }).data
  const consumers = useAsk("/consumers", {}, { every: false, enabled: isWanted }).data
  return useMemo(() => knownOf(contracts ?? [], consumers ?? []), [contracts, consumers])
}

const times = [
  ["15m", "the last 15 minutes"],
  ["1h", "the last hour"],
  ["24h", "the last day"],
  ["today", "since midnight"],
  ["7d", "the last week"]
] as const

const has = (part: string) => (value: string) => value.toLowerCase().includes(part.toLowerCase())

const whole = (key: string, help: string) => (value: string) => ({
  text: `${key}:${quoted(value)}`,
  help,
  isWhole: true
})

const valuesFor = (key: string, part: string, known: Known): ReadonlyArray<Completion> => {
  switch (key) {
    case "name":
      return known.names.filter(has(part)).map(whole("name", "event"))
    case "module":
      return known.modules.filter(has(part)).map(whole("module", "module"))
    case "consumer":
      return known.consumers.filter(has(part)).map(whole("consumer", "consumer"))
    case "aggregate":
      return known.aggregates
        .filter((type) => has(part)(type) && type !== part)
        .map((type) => ({ text: `aggregate:${type}`, help: "and its id", isWhole: false }))
    case "status":
      return statusWords.flatMap(([status, help]) => (has(part)(status) ? [whole("status", help)(status)] : []))
    case "since":
    case "until":
      return times.flatMap(([time, help]) => (time.startsWith(part) ? [whole(key, help)(time)] : []))
    default:
      return []
  }
}

const pathsFor = (text: string, known: Known): ReadonlyArray<Completion> =>
  known.paths
    .map((path) => `payload${path}`)
    .filter((path) => path.startsWith(text))
    .map((path) => ({ text: `${path}:`, help: "and what stands there", isWhole: false }))

const keysFor = (text: string): ReadonlyArray<Completion> =>
  filterKeys
    .filter(({ key }) => key.startsWith(text.toLowerCase()))
    .map(({ help, key }) => ({ text: key === "payload" ? "payload." : `${key}:`, help, isWhole: false }))

/** Names that hold what was typed, though nobody said what it is. */
const namesFor = (text: string, known: Known): ReadonlyArray<Completion> =>
  text.length < 2
    ? []
    : [
        ...valuesFor("name", text, known).slice(0, 4),
        ...valuesFor("consumer", text, known).slice(0, 3),
        ...valuesFor("module", text, known).slice(0, 2)
      ]

export const completionsFor = (text: string, known: Known): ReadonlyArray<Completion> => {
  if (text.startsWith('"')) return []
  const at = text.indexOf(":")
  if (at >= 0) return valuesFor(text.slice(0, at), text.slice(at + 1).replace(/^"/, ""), known).slice(0, most)
  if (text.startsWith("payload")) return pathsFor(text, known).slice(0, most)
  return [...keysFor(text), ...namesFor(text, known)].slice(0, most)
}
