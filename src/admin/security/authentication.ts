/**
 * Who asks: by a token, by the session it was exchanged for, or as the application says.
 *
 * @internal
 */
import { Duration, Effect, Redacted } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { type Role, roles, type User } from "../access.ts"
import { type Eventually, eventually } from "./policy.ts"
import { type Digest, digestOf, findByDigest } from "./secrets.ts"
import { makeSessions, type Session, type Sessions } from "./sessions.ts"

/** A secret, and who has it. @since 0.1.0 */
export interface Token {
  /** 16 characters or more: made by a random generator, not thought of. */
  readonly token: Redacted.Redacted<string>
  /** Whose it is, for the audit. */
  readonly name: string
  readonly role: Role
}

/** A request, for an application that knows its users. Without a body: that is not read yet. @since 0.1.0 */
export interface AskedBy {
  readonly method: string
  /** With path and query, as the application got it. */
  readonly url: string
  readonly headers: Headers
  /** The request of the server it came through: of Node (with what other handlers put there), or of the web. */
  readonly source: unknown
}

/** How is known who asks. @since 0.1.0 */
export interface AuthOptions {
  readonly tokens?: ReadonlyArray<Token> | undefined
  /** By the application's own means; asked when there is neither a token nor a session. `undefined`: nobody knows. If it fails, nobody is let in. */
  readonly authenticate?: ((request: AskedBy) => Eventually<User | undefined>) | undefined
  /** How long one stays signed in with a token. Default 12 hours. */
  readonly sessionDuration?: Duration.Input | undefined
}

/** Who asks, and how that is known. */
export interface Asking {
  readonly user: User
  readonly by: "token" | "session" | "application" | "nothing"
  readonly session?: Session
}

export interface Authentication {
  readonly sessions: Sessions
  readonly byToken: (token: string) => User | undefined
  readonly bySecrets: (bearer: string | undefined, cookies: ReadonlyArray<string>, now: number) => Asking | undefined
  readonly byApplication: (request: AskedBy) => Effect.Effect<Asking | undefined, unknown>
  /** Whether there is a token to sign in with. */
  readonly hasTokens: boolean
}

const shortest = 16

interface Known extends User {
  readonly digest: Digest
}

const checked = (each: Token, index: number): Known => {
  const option = (field: string) => `auth.tokens[${index}].${field}`
  const token: unknown = Redacted.isRedacted(each.token) ? Redacted.value(each.token) : each.token
  if (typeof token !== "string" || token.length < shortest) {
    throw new InvalidOption({ option: option("token"), value: "given", expected: `${shortest} characters or more` })
  }
  if (!roles.includes(each.role)) {
    throw new InvalidOption({ option: option("role"), value: String(each.role), expected: roles.join(", ") })
  }
  if (typeof each.name !== "string" || each.name === "") {
    throw new InvalidOption({
      option: option("name"),
      value: String(each.name),
      expected: "whose it is, for the audit"
    })
  }
  return { name: each.name, role: each.role, digest: digestOf(token) }
}

const twice = (tokens: ReadonlyArray<Known>) => {
  const all = new Set(tokens.map(({ digest }) => Buffer.from(digest).toString("hex")))
  if (all.size < tokens.length) {
    throw new InvalidOption({
      option: "auth.tokens",
      value: "given",
      expected: "each token once, or it is not known whose it is"
    })
  }
}

/** What is no user of a known role is nobody. */
const userOf = (given: User | undefined | null): User | undefined =>
  given !== undefined && given !== null && typeof given.name === "string" && roles.includes(given.role)
    ? { name: given.name, role: given.role }
    : undefined

/** @throws InvalidOption */
export const authenticationOf = ({
  authenticate,
  sessionDuration = "12 hours",
  tokens = []
}: AuthOptions): Authentication => {
  const known = tokens.map(checked)
  twice(known)
  const millis = Duration.toMillis(sessionDuration)
  if (!(millis > 0 && Number.isFinite(millis))) {
    throw new InvalidOption({
      option: "auth.sessionDuration",
      value: String(sessionDuration),
      expected: "a time that ends"
    })
  }
  const sessions = makeSessions(millis)
  const byToken = (token: string) => userOf(findByDigest(known, token))
  return {
    sessions,
    byToken,
    bySecrets: (bearer, cookies, now) => {
      // Who sends a token means it: with a wrong one nobody is let in, whatever else there is.
      if (bearer !== undefined) {
        const user = byToken(bearer)
        return user === undefined ? undefined : { user, by: "token" }
      }
      const session = cookies.map((secret) => sessions.find(secret, now)).find((each) => each !== undefined)
      return session === undefined ? undefined : { user: session.user, by: "session", session }
    },
    byApplication: (request) =>
      authenticate === undefined
        ? Effect.undefined
        : Effect.map(
            eventually(() => authenticate(request)),
            (given) => {
              const user = userOf(given)
              return user === undefined ? undefined : { user, by: "application" as const }
            }
          ),
    hasTokens: known.length > 0
  }
}
