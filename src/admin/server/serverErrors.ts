/**
 * Why the administration cannot be served.
 *
 * @internal
 */
import { Effect, Schema } from "effect"
import { InvalidOption, UnsupportedOption } from "../../errors/DeclarationErrors.ts"

/** Whoever reaches the administration could do everything. Nothing is served. @since 0.1.0 */
export class AdminUnprotected extends Schema.TaggedError<AdminUnprotected>()("AdminUnprotected", {
  /** Where it was to be served, for example `address 0.0.0.0`. */
  where: Schema.String,
  /** What to do. */
  instead: Schema.String
}) {
  override get message() {
    return `The administration is not served at ${this.where} without auth: whoever reaches it could read, requeue and discard everything. ${this.instead}`
  }
}

/** The address cannot be listened to. @since 0.1.0 */
export class AdminNotListening extends Schema.TaggedError<AdminNotListening>()("AdminNotListening", {
  host: Schema.String,
  port: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    const hint = this.reason.includes("EADDRINUSE")
      ? "Another program listens there: give another port, or 0 for a free one."
      : "Give another host or port."
    return `The administration cannot listen at ${this.host}:${this.port} (${this.reason}). ${hint}`
  }
}

/** How options are refused. @since 0.1.0 */
export type AdminOptionError = AdminUnprotected | InvalidOption | UnsupportedOption

const isRefusal = (error: unknown): error is AdminOptionError =>
  [AdminUnprotected, InvalidOption, UnsupportedOption].some((kind) => error instanceof kind)

/** Options that are refused are a failure. */
export const checked = <A>(check: () => A): Effect.Effect<A, AdminOptionError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(check())
    } catch (error) {
      return isRefusal(error) ? Effect.fail(error) : Effect.die(error)
    }
  })
