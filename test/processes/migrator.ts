/** Only starts: migrates if nobody else has. */
import { Effect } from "effect"
import { integration, say } from "./program.ts"

await Effect.runPromise(say("migrated").pipe(Effect.provide(integration)))
