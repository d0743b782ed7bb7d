/**
 * What is known of the request that is being answered.
 *
 * @internal
 */
import { Clock, Context, Effect, Stream } from "effect"
import type { User } from "../access.ts"
import type { LiveFigures } from "../model/consumers.ts"
import { type Problem, Unauthenticated } from "../problems.ts"
import type { Asking, Authentication } from "../security/authentication.ts"
import type { Asked } from "./asked.ts"

/** A request, and who asks. */
export interface Current {
  readonly asked: Asked
  /** Undefined: nobody knows. */
  readonly asking: Asking | undefined
}

/** Without a default that could do anything: what forgets to say who asks is refused. */
export const CurrentRequest = Context.Reference<Current | undefined>("effect-integration/AdminServer/CurrentRequest", {
  defaultValue: () => undefined
})

/** Live figures as they are served: refused before the answer begins, where that can be known. */
export class Watch extends Context.Service<
  Watch,
  { readonly open: Effect.Effect<Stream.Stream<LiveFigures, Problem>, Problem> }
>()("effect-integration/AdminServer/Watch") {}

const unknown = (current: Current | undefined) =>
  new Unauthenticated({
    detail:
      current?.asked.bearer === undefined
        ? "Send authorization: Bearer with a token, or sign in with POST /api/v1/session and keep the cookie."
        : "Nobody knows this token."
  })

/** Who asks, or the refusal of somebody whom nobody knows. */
export const currentAsking: Effect.Effect<Current & { readonly asking: Asking }, Unauthenticated> = Effect.flatMap(
  CurrentRequest,
  (current) => {
    const asking = current?.asking
    return current === undefined || asking === undefined
      ? Effect.fail(unknown(current))
      : Effect.succeed({ ...current, asking })
  }
)

export const currentUser: Effect.Effect<User, Unauthenticated> = Effect.map(currentAsking, ({ asking }) => asking.user)

/** Ends a stream with the session it was opened in. */
export const whileSignedIn =
  (authentication: Authentication | undefined, asking: Asking) =>
  <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> => {
    const { session } = asking
    if (authentication === undefined || session === undefined) return stream
    return Stream.takeWhileEffect(stream, () =>
      Effect.map(Clock.currentTimeMillis, (now) => authentication.sessions.isOpen(session, now))
    )
  }
