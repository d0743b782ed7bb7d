/**
 * Which events are looked for, checked before the store is asked.
 *
 * @internal
 */
import { DateTime, Effect, Option } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { identifierProblem, storableValue } from "../model/storable.ts"
import type { EventQuery, PayloadCondition } from "../stores/EventSearchStore.ts"
import type { Filter, PayloadValue } from "./EventSelection.ts"
import { stepsOf } from "./payloadPath.ts"

export const invalid = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of events`, value: shown(value), expected })

/** A value in a message: as JSON, as far as that fits. */
const shown = (value: unknown): string => {
  if (typeof value === "string") return value.slice(0, 200)
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200)
  } catch {
    return typeof value
  }
}

const statuses: ReadonlyArray<unknown> = ["pending", "processing", "processed", "failed", "dead_letter"]

/** Conditions of one search on payloads. */
const mostPayloadValues = 5

/** Longest text that a value of a payload is compared with. */
const longestJson = 10_000

/** PostgreSQL has no numbers with more digits before their point. */
const hasHugeExponent = (json: string) =>
  [...json.matchAll(/\d[eE][+-]?(\d+)/g)].some(([, exponent]) => Number(exponent) > 16_000)

const isName = (value: unknown, length = 255) => identifierProblem(value, length) === undefined

const isListOf = (is: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.length <= 50 && value.every((each) => is(each))

const isAggregate = (value: unknown) => {
  const { entityId, entityType, module, ...others } = Object(value) as Readonly<Record<string, unknown>>
  return (
    Object.keys(others).length === 0 &&
    isName(entityId) &&
    isName(entityType, 127) &&
    (module === undefined || isName(module, 127))
  )
}

/** What the fields of a filter may be: one that nobody knows would cover everything. */
const fields: Readonly<Record<keyof Filter, readonly [expected: string, is: (value: unknown) => boolean]>> = {
  names: ["1 to 50 names or patterns of events", isListOf(isName)],
  modules: ["1 to 50 names of modules", isListOf((module) => isName(module, 127))],
  aggregate: ["an entity, with entityType, entityId and perhaps module", isAggregate],
  statuses: [`one or more of ${statuses.join(", ")}`, isListOf((status) => statuses.includes(status))],
  consumer: ["the name of a consumer", isName],
  correlationId: ["a correlation id", isName],
  causationId: ["the id of a cause", isName],
  payload: [`1 to ${mostPayloadValues} paths with what stands there`, isListOf((each) => typeof each === "object")],
  payloadText: ["a text of 1 to 1000 characters", (text) => isName(text, 1000)],
  // Times are looked at when they are read.
  since: ["a time", () => true],
  until: ["a time", () => true]
}

/** What is wrong with a filter: types do not reach everybody. */
const problemOf = (filter: unknown): InvalidOption | undefined => {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter)) {
    return invalid("filter", filter, "a filter, {} for all there are")
  }
  for (const [name, value] of Object.entries(filter)) {
    if (!Object.hasOwn(fields, name)) return invalid(`"${name}"`, value, `one of ${Object.keys(fields).join(", ")}`)
    const [expected, is] = fields[name as keyof Filter]
    if (value !== undefined && !is(value)) return invalid(name, value, expected)
  }
  return undefined
}

const timeOf = (name: "since" | "until", input: DateTime.DateTime.Input | undefined) => {
  if (input === undefined) return Effect.succeed({})
  const time = DateTime.make(input)
  return Option.isSome(time)
    ? Effect.succeed({ [name]: DateTime.toDateUtc(time.value) })
    : Effect.fail(invalid(name, input, "a time"))
}

/** Whether a value holds a whole number that JavaScript has not read exactly. */
const isRounded = (value: unknown): boolean =>
  typeof value === "number"
    ? Number.isInteger(value) && !Number.isSafeInteger(value)
    : typeof value === "object" && value !== null && Object.values(value).some(isRounded)

const parsed = (json: string): unknown => {
  try {
    return json.length <= longestJson ? JSON.parse(json) : undefined
  } catch {
    return undefined
  }
}

/** The JSON text of what is to stand somewhere, or what is wrong with it. */
const jsonOf = ({ equals, equalsJson }: PayloadValue): { readonly json: string } | InvalidOption => {
  const isText = equalsJson !== undefined
  const value = isText ? (typeof equalsJson === "string" ? parsed(equalsJson) : undefined) : equals
  if (isText ? equals !== undefined : isRounded(equals)) {
    return invalid(
      "equals",
      equals,
      isText ? "either equals or equalsJson" : "a number of 53 bits; give a larger one as text, in equalsJson"
    )
  }
  const stored = storableValue(value, 4 * longestJson)
  if ("issue" in stored || (isText && hasHugeExponent(equalsJson))) {
    return invalid(isText ? "equalsJson" : "equals", isText ? equalsJson : equals, "a JSON value that can be stored")
  }
  return { json: isText ? equalsJson : stored.json }
}

const supported = ["path", "equals", "equalsJson"]

const conditionOf = (given: PayloadValue): PayloadCondition | InvalidOption => {
  const unknown = Object.keys(given ?? {}).find((name) => !supported.includes(name))
  if (unknown !== undefined) return invalid(`"${unknown}" in payload`, given, `one of ${supported.join(", ")}`)
  const path = isName(given?.path, 1000) ? stepsOf(given.path) : undefined
  if (path === undefined || path.length > 50 || path.some((key) => key !== "" && !isName(key, 1000))) {
    return invalid("path", given?.path, 'a path such as customer.id, items[0].sku or ["odd.key"]')
  }
  const json = jsonOf(given)
  return "json" in json ? { path, ...json } : json
}

/** A filter as the store takes it; fails with `InvalidOption`. */
export const toQuery = Effect.fnUntraced(function* (filter: Filter) {
  const problem = problemOf(filter)
  if (problem !== undefined) return yield* problem
  const { payload, since, until, ...rest } = filter
  if (payload !== undefined && payload.length > mostPayloadValues) {
    return yield* invalid("payload", payload, fields.payload[0])
  }
  const conditions: Array<PayloadCondition> = []
  for (const each of payload ?? []) {
    const condition = conditionOf(each)
    if (condition instanceof InvalidOption) return yield* condition
    conditions.push(condition)
  }
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return {
    ...given,
    ...(conditions.length === 0 ? {} : { payload: conditions }),
    ...(yield* timeOf("since", since)),
    ...(yield* timeOf("until", until))
  } satisfies EventQuery as EventQuery
})
