/**
 * Endpoints of who is signed in.
 *
 * @internal
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Text } from "../model/common.ts"
import { Visibility } from "../model/events.ts"
import { problems } from "./endpoints.ts"

/** Who asks, and what that means. @since 0.1.0 */
export const Session = Schema.Struct({
  name: Schema.String,
  role: Schema.Literals(["viewer", "operator", "admin"]),
  /** What the role is enough for. The application may have rules besides. */
  actions: Schema.Array(Schema.String),
  /** How much of payloads is shown. */
  visibility: Visibility,
  /** Whether some of them are hidden nevertheless. */
  isRedacted: Schema.Boolean,
  /** What is administered, as `production`; null if it has no name. */
  environment: Schema.NullOr(Schema.String),
  /** When the session ends; null when there is none, as with a token in each request. */
  expiresAt: Schema.NullOr(Schema.Date)
}).annotate({ identifier: "Session" })

/** @since 0.1.0 */
export type Session = typeof Session.Type

/** A token to sign in with. @since 0.1.0 */
export const SignIn = Schema.Struct({ token: Text }).annotate({ identifier: "SignIn" })

/** @since 0.1.0 */
export type SignIn = typeof SignIn.Type

/** @internal */
export const session = HttpApiGroup.make("session").add(
  HttpApiEndpoint.get("get", "/session", { success: Session, error: problems }),
  HttpApiEndpoint.post("begin", "/session", { payload: SignIn, success: Session, error: problems }),
  HttpApiEndpoint.delete("end", "/session", { success: HttpApiSchema.NoContent, error: problems })
)
