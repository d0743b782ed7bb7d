/**
 * Flags and arguments that several commands have, and how their texts are read.
 *
 * @internal
 */
import { Option } from "effect"
import { Argument, Flag } from "effect/cli"

/** A flag that may be left out. */
export const maybe = <A>(flag: Flag.Flag<A>): Flag.Flag<A | undefined> =>
  flag.pipe(Flag.optional, Flag.map(Option.getOrUndefined))

/** A text that may be left out. */
export const text = (name: string, metavar: string, description: string) =>
  maybe(Flag.String(name).pipe(Flag.withMetavar(`<${metavar}>`), Flag.withDescription(description)))

/** A text that may be given several times. */
export const texts = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(`<${metavar}>`),
    Flag.withDescription(`${description}; may be given several times`),
    Flag.atLeast(0)
  )

/** A flag that is there or is not. */
export const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withoutNegation, Flag.withDefault(false))

/** A whole number of at least `least`. */
export const whole = (name: string, description: string, [least, most]: readonly [number, number]) =>
  maybe(
    Flag.Int(name).pipe(
      Flag.withMetavar("<number>"),
      Flag.withDescription(description),
      Flag.filter(
        (value) => value >= least && value <= most,
        (value) => `a whole number from ${least} to ${most}, not ${value}`
      )
    )
  )

const sizes: Readonly<Record<string, number>> = {
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}

/** A span of time as `90s`, `15m`, `2h`, `7d`, in milliseconds. */
export const spanOf = (given: string): number => {
  const [, number, unit = ""] = /^(\d{1,9})\s*([a-z]+)$/.exec(given.trim()) ?? []
  const size = sizes[unit]
  if (number === undefined || size === undefined) throw new Error("a span of time as 90s, 15m, 2h or 7d")
  return Number(number) * size
}

/** A point in time: `2026-11-27T14:00Z`, or how long ago, as `2h`. */
export const timeOf = (given: string): Date => {
  const at = /^\d{4}-\d\d/.test(given) ? new Date(given) : undefined
  if (at !== undefined && !Number.isNaN(at.getTime())) return at
  try {
    return new Date(Date.now() - spanOf(given))
  } catch {
    throw new Error("a time as 2026-11-27T14:00Z, or how long ago, as 15m, 2h or 7d")
  }
}

const why = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A point in time that may be left out. */
export const time = (name: string, description: string) =>
  maybe(
    Flag.String(name).pipe(Flag.withMetavar("<time>"), Flag.withDescription(description), Flag.mapTryCatch(timeOf, why))
  )

/** A span of time that may be left out, in milliseconds. */
export const span = (name: string, description: string) =>
  maybe(
    Flag.String(name).pipe(Flag.withMetavar("<span>"), Flag.withDescription(description), Flag.mapTryCatch(spanOf, why))
  )

/** An entity as `module/Type/id`; the id may have more of these lines. */
export const entityOf = (given: string) => {
  const [, module, entityType, entityId] = /^([^/]+)\/([^/]+)\/([\s\S]+)$/.exec(given) ?? []
  if (module === undefined || entityType === undefined || entityId === undefined) {
    throw new Error("an entity as module/Type/id, for example finance/Invoice/42")
  }
  return { module, entityType, entityId }
}

/** Which entity. */
export const entity = Argument.String("entity").pipe(
  Argument.withDescription("As module/Type/id, for example finance/Invoice/42"),
  Argument.mapTryCatch(entityOf, why)
)

/** One thing by its id. */
export const id = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(description))

/** Why, for the audit. */
export const reason = text("reason", "text", "Why, for the audit")

/** Do not ask. */
export const yes = Flag.Boolean("yes").pipe(
  Flag.withAlias("y"),
  Flag.withDescription("Do not ask before; needed where nobody can answer"),
  Flag.withoutNegation,
  Flag.withDefault(false)
)

/** Which page of a list. */
export const page = {
  limit: whole("limit", "How many at most, 1 to 200; default 50", [1, 200]),
  after: text("after", "cursor", "Goes on where the list before ended")
}

/** Which dead letters are meant. */
export const deadLetterFilter = {
  consumer: text("consumer", "name", "Of this consumer"),
  event: text("event", "name", "Of events with this name, or pattern with *"),
  tag: text("tag", "tag", "With this tag of their last error"),
  error: text("error", "fingerprint", "Of this error group: see errors list"),
  aggregate: text("aggregate", "entity", "Of events of this entity, as module/Type/id"),
  undecodable: flag("undecodable", "Only those whose payload could not be read"),
  since: time("since", "That gave up since then: a time, or how long ago, as 2h"),
  until: time("until", "That gave up before then")
}

/** Fields without those that are undefined. */
export type Given<Fields> = {
  readonly [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name]
} & {
  readonly [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>
}

/** Leaves out what was not given: nothing is something else than `undefined` for the administration. */
export const given = <const Fields extends object>(fields: Fields): Given<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>
