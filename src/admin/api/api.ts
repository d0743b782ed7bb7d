/**
 * The HTTP API of the administration, as a value that server, client and documentation share. The only file that puts it together.
 *
 * @internal
 */
import { HttpApi } from "effect/http-api"
import { consumers, deadLetters, errorGroups, operations, settings } from "./changing.ts"
import { events, links, overview, statistics } from "./reading.ts"
import { session } from "./session.ts"

/** `/api/v1` below wherever it is mounted. @since 0.1.0 */
export const Api = HttpApi.make("effect-integration")
  .add(overview, statistics, events, errorGroups, deadLetters, operations, consumers, links, settings, session)
  .prefix("/api/v1")
