/**
 * Why the administration did not do what it was asked for: problems as RFC 9457 has them, over HTTP and in process alike.
 *
 * @internal
 */
import { Schema } from "effect"

const fieldsOf = <const Kind extends string, const Status extends number, const Title extends string>(
  kind: Kind,
  status: Status,
  title: Title
) => ({
  type: Schema.tag(`urn:effect-integration:problem:${kind}` as const),
  status: Schema.tag(status),
  title: Schema.tag(title),
  /** What is wrong, and what to do: whole sentences. */
  detail: Schema.String
})

/** What was asked for cannot be understood, or cannot be. Nothing was changed. @since 0.1.0 */
export class Invalid extends Schema.TaggedError<Invalid>()(
  "Invalid",
  {
    ...fieldsOf("invalid", 400, "Invalid request"),
    /** What is wrong at which place, where that is known. */
    issues: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
  },
  { httpApiStatus: 400 }
) {
  override get message() {
    return this.detail
  }
}

/** Nobody knows who asks. @since 0.1.0 */
export class Unauthenticated extends Schema.TaggedError<Unauthenticated>()(
  "Unauthenticated",
  fieldsOf("unauthenticated", 401, "Sign in first"),
  { httpApiStatus: 401 }
) {
  override get message() {
    return this.detail
  }
}

/** Who asks may not do this. Nothing was changed. @since 0.1.0 */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", fieldsOf("forbidden", 403, "Not allowed"), {
  httpApiStatus: 403
}) {
  override get message() {
    return this.detail
  }
}

/** There is no such thing. @since 0.1.0 */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", fieldsOf("not-found", 404, "Not found"), {
  httpApiStatus: 404
}) {
  override get message() {
    return this.detail
  }
}

/** Something has changed since it was looked at, or stands in the way. Nothing was changed. @since 0.1.0 */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", fieldsOf("conflict", 409, "Not as expected"), {
  httpApiStatus: 409
}) {
  override get message() {
    return this.detail
  }
}

/** The database did not answer, or not in time. Whether something was changed is for the next look to tell. @since 0.1.0 */
export class Unavailable extends Schema.TaggedError<Unavailable>()(
  "Unavailable",
  fieldsOf("unavailable", 503, "Not available"),
  { httpApiStatus: 503 }
) {
  override get message() {
    return this.detail
  }
}

/** Why nothing came of a request. @since 0.1.0 */
export type Problem = Invalid | Unauthenticated | Forbidden | NotFound | Conflict | Unavailable

const kinds = [Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Unavailable]

/** @internal */
export const isProblem = (error: unknown): error is Problem => kinds.some((kind) => error instanceof kind)
