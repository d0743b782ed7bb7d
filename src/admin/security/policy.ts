/**
 * Who may do and see what, beyond roles.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { type Action, type Role, roles, type User } from "../access.ts"
import type { Visibility } from "../model/events.ts"
import { type Pattern, patternOf, patternSyntax } from "./documentPaths.ts"
import type { Sight } from "./documents.ts"

/** What an application's own functions may answer with: a value, a promise of it, or an effect. @since 0.1.0 */
export type Eventually<A> = A | PromiseLike<A> | Effect.Effect<A, unknown>

/** Who may do and see what. @since 0.1.0 */
export interface PolicyOptions {
  /**
   * Asked for whatever the role would do for: only if it says true too, it is done. If it fails, it is not.
   *
   * @param target - the id, name or fingerprint of what it is done to; of what is done to many dead letters, the consumer, or `*` for all;
   * of questions that are about nothing alone, the empty string
   */
  readonly allow?: ((user: User, action: Action, target: string) => Eventually<boolean>) | undefined
  /**
   * How much of payloads and metadata is shown: `none`; `masked`, the keys and what kind each value is; `full`. Default `masked` for
   * `viewer`, `full` for `operator` and `admin`. Who does not see all can neither search payloads nor edit them.
   */
  readonly visibility?: Readonly<Partial<Record<Role, Visibility>>> | undefined
  /**
   * Paths into payloads and metadata whose values nobody sees, or nobody of a role: `customer.email`, `*.iban` (`*` is any one key),
   * `**.iban` (`**` is any number of them), `["odd.key"]`. They hold in each entry of lists on the way; a number is a key, or any place in
   * a list. Paths that are written in another way are refused. What is hidden cannot be searched either, and a payload that has some of it
   * cannot be edited. Default none.
   */
  readonly redact?: ReadonlyArray<string> | Readonly<Partial<Record<Role, ReadonlyArray<string>>>> | undefined
  /** Told of whatever was refused, before the answer. What becomes of it changes nothing. */
  readonly refused?: ((user: User, action: Action, target: string) => Eventually<void>) | undefined
}

/** Options as they were checked. */
export interface Policy {
  readonly allow: (user: User, action: Action, target: string) => Effect.Effect<boolean, unknown>
  readonly refused: (user: User, action: Action, target: string) => Effect.Effect<void, unknown>
  readonly sightOf: (user: User) => Sight
}

/** Runs what an application's function answered with. */
export const eventually = <A>(ask: () => Eventually<A>): Effect.Effect<A, unknown> =>
  Effect.suspend(() => {
    const given = ask()
    if (Effect.isEffect(given)) return given as Effect.Effect<A, unknown>
    return Effect.tryPromise({ try: () => Promise.resolve(given as A | PromiseLike<A>), catch: (error) => error })
  }).pipe(Effect.catchDefect((defect) => Effect.fail(defect)))

const visibilities: ReadonlyArray<Visibility> = ["none", "masked", "full"]

const byDefault: Readonly<Record<Role, Visibility>> = { viewer: "masked", operator: "full", admin: "full" }

const invalid = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option, value: JSON.stringify(value) ?? typeof value, expected })

const checkRoles = (option: string, given: object) => {
  const unknown = Object.keys(given).find((role) => !roles.includes(role as Role))
  if (unknown !== undefined) throw invalid(`${option}.${unknown}`, "given", `one for ${roles.join(", ")} only`)
}

const patternsOf = (option: string, paths: unknown): ReadonlyArray<Pattern> => {
  if (!Array.isArray(paths)) throw invalid(option, paths, "a list of paths")
  return paths.map((path) => {
    const pattern = typeof path === "string" ? patternOf(path) : undefined
    if (pattern === undefined) throw invalid(option, path, patternSyntax)
    return pattern
  })
}

/** @throws InvalidOption */
export const policyOf = ({ allow, redact = [], refused, visibility = {} }: PolicyOptions): Policy => {
  checkRoles("visibility", visibility)
  if (!Array.isArray(redact)) checkRoles("redact", redact)
  const sights = new Map(
    roles.map((role): readonly [Role, Sight] => {
      const seen = visibility[role] ?? byDefault[role]
      if (!visibilities.includes(seen)) throw invalid(`visibility.${role}`, seen, visibilities.join(", "))
      const hidden = Array.isArray(redact)
        ? patternsOf("redact", redact)
        : patternsOf(`redact.${role}`, (redact as Partial<Record<Role, ReadonlyArray<string>>>)[role] ?? [])
      return [role, { visibility: seen, hidden }]
    })
  )
  const nothingSeen: Sight = { visibility: "none", hidden: [] }
  return {
    allow: (user, action, target) =>
      allow === undefined ? Effect.succeed(true) : eventually(() => allow(user, action, target)),
    refused: (user, action, target) =>
      refused === undefined ? Effect.void : eventually(() => refused(user, action, target)),
    sightOf: (user) => sights.get(user.role) ?? nothingSeen
  }
}
