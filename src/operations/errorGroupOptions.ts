/**
 * What is asked of groups of errors, checked before the store is: types do not reach everybody.
 *
 * @since 0.1.0
 */
import { DateTime, Effect, Option } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { isFingerprint } from "../model/errorFingerprint.ts"
import { identifierProblem } from "../model/storable.ts"
import type { ErrorGroupChange, ErrorGroupFilter, ErrorGroupState } from "../stores/ErrorGroupStore.ts"

/** What is changed of a group; what is left out stays. @since 0.1.0 */
export interface Change {
  readonly state?: ErrorGroupState
  /** Only with the state `ignored`: until when; default for good. */
  readonly ignoredUntil?: DateTime.DateTime.Input | null
  /** At most 1023 characters; null: there is none any more. */
  readonly note?: string | null
}

const states: ReadonlyArray<ErrorGroupState> = ["new", "known", "resolved", "ignored"]

/** Largest page of a list. */
const maxLimit = 200

const longestNote = 1023

const invalid = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of error groups`, value: String(value), expected })

const isState = (value: unknown) => states.some((state) => state === value)

const isText = (value: unknown) => typeof value === "string"

type Fields<A> = Readonly<Record<keyof A, readonly [expected: string, is: (value: unknown) => boolean]>>

const anyState = `one of ${states.join(", ")}`

const filterFields: Fields<ErrorGroupFilter> = {
  states: [`a list of ${states.join(", ")}`, (value) => Array.isArray(value) && value.every(isState)],
  consumer: ["the name of a consumer", isText],
  errorTag: ["the tag of an error", isText],
  onlyOpen: ["true or false", (value) => typeof value === "boolean"],
  since: ["a date", (value) => value instanceof Date && !Number.isNaN(value.getTime())]
}

const changeFields: Fields<Change> = {
  state: [anyState, isState],
  // Looked at when it is read.
  ignoredUntil: ["a time, or null", () => true],
  note: [
    `a text of at most ${longestNote} characters, or null`,
    (value) => value === null || value === "" || identifierProblem(value, longestNote) === undefined
  ]
}

/** What is wrong with what was given. What is there and undefined is as if it were left out. */
const problemOf = <A>(what: string, given: unknown, fields: Fields<A>): InvalidOption | undefined => {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return invalid(what, given, `a ${what}`)
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(fields, name)) return invalid(`"${name}"`, value, `one of ${Object.keys(fields).join(", ")}`)
    const [expected, is] = fields[name as keyof A]
    if (value !== undefined && !is(value)) return invalid(name, value, expected)
  }
  return undefined
}

/** A filter as the store takes it; fails with `InvalidOption`. @internal */
export const toGroupFilter = (filter: ErrorGroupFilter): Effect.Effect<ErrorGroupFilter, InvalidOption> => {
  const problem = problemOf("filter", filter, filterFields)
  return problem === undefined ? Effect.succeed(filter) : Effect.fail(problem)
}

/** Fails with `InvalidOption` unless a list can have this page. @internal */
export const checkGroupPage = (limit: number, after: string | undefined): Effect.Effect<void, InvalidOption> => {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return Effect.fail(invalid("limit", limit, `an integer from 1 to ${maxLimit}`))
  }
  const [time = "", fingerprint = "", ...rest] = String(after).split("/")
  const isCursor = rest.length === 0 && isFingerprint(fingerprint) && /^[\d\-:. +]{1,40}$/.test(time)
  return after === undefined || isCursor
    ? Effect.void
    : Effect.fail(invalid("after", after, "the next of an earlier page"))
}

/** A change as the store takes it; fails with `InvalidOption`. @internal */
export const toChange = Effect.fnUntraced(function* (
  change: Change,
  by: string
): Effect.fn.Return<ErrorGroupChange, InvalidOption> {
  const problem = problemOf("change", change, changeFields)
  if (problem !== undefined) return yield* problem
  const who = identifierProblem(by, 255)
  if (who !== undefined) return yield* invalid("by", by, "the name of who changes it, of at most 255 characters")
  const { ignoredUntil, note, state } = change
  const rest = {
    ...(state === undefined ? {} : { state }),
    ...(note === undefined ? {} : { note: note === "" ? null : note })
  }
  if (ignoredUntil === undefined || ignoredUntil === null) return rest
  if (state !== "ignored") return yield* invalid("ignoredUntil", ignoredUntil, "left out, unless state is ignored")
  const until = DateTime.make(ignoredUntil)
  if (Option.isNone(until)) return yield* invalid("ignoredUntil", ignoredUntil, "a time")
  return { ...rest, ignoredUntil: DateTime.toDateUtc(until.value) }
})
