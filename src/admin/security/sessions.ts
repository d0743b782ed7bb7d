/**
 * Sessions that tokens were exchanged for, in this process: a restart ends them.
 *
 * @internal
 */
import type { User } from "../access.ts"
import { digestOf, makeSecret } from "./secrets.ts"

/** Who is signed in, and until when. */
export interface Session {
  /** Not the secret itself. */
  readonly key: string
  readonly user: User
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export interface Sessions {
  /** @returns the secret of a new session: nothing that was known before becomes one */
  readonly begin: (user: User, now: number) => { readonly secret: string; readonly session: Session }
  readonly find: (secret: string, now: number) => Session | undefined
  readonly end: (secret: string) => void
  /** Whether it has neither run out nor been ended. */
  readonly isOpen: (session: Session, now: number) => boolean
}

/** Found by what is not the secret itself, so that time tells nothing of it. */
const keyOf = (secret: string) => Buffer.from(digestOf(secret)).toString("base64")

/**
 * @param millis - how long a session lasts
 * @param most - sessions there are at once, of all; the oldest of whoever has most ends for one more
 * @param mostOfOne - of one user; the oldest ends for one more, so that nobody ends another's
 */
export const makeSessions = (millis: number, most = 1000, mostOfOne = 50): Sessions => {
  const sessions = new Map<string, Session>()
  const isOpen = (session: Session, now: number) => session.expiresAt > now && sessions.get(session.key) === session
  const makeRoom = (user: User, now: number) => {
    for (const [key, session] of sessions) if (!isOpen(session, now)) sessions.delete(key)
    const byUser = Map.groupBy(sessions.values(), (session) => session.user.name)
    const own = byUser.get(user.name) ?? []
    const [largest] = [...byUser.values()].toSorted((a, b) => b.length - a.length)
    const [oldest] = own.length >= mostOfOne ? own : sessions.size >= most ? (largest ?? []) : []
    if (oldest !== undefined) sessions.delete(oldest.key)
  }
  return {
    begin: (user, now) => {
      makeRoom(user, now)
      const secret = makeSecret()
      const session: Session = { key: keyOf(secret), user, expiresAt: now + millis }
      sessions.set(session.key, session)
      return { secret, session }
    },
    find: (secret, now) => {
      const session = sessions.get(keyOf(secret))
      return session !== undefined && isOpen(session, now) ? session : undefined
    },
    end: (secret) => {
      sessions.delete(keyOf(secret))
    },
    isOpen
  }
}
