/**
 * All stores in memory, over one `MemoryDatabase`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { Notifier } from "../wakeups/Notifier.ts"
import * as Actors from "./actors.ts"
import { MemoryAudit } from "./audit.ts"
import * as Contracts from "./contracts.ts"
import * as DeadLetters from "./deadLetters.ts"
import * as Diagnosis from "./diagnosis.ts"
import * as ErrorGroups from "./errorGroups.ts"
import * as Inbox from "./inbox.ts"
import * as Lineage from "./lineage.ts"
import * as Links from "./links.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import * as Operations from "./operations.ts"
import * as Outbox from "./outbox.ts"
import * as Replicas from "./replicas.ts"
import * as EventSearch from "./search.ts"
import { MemorySettings } from "./settings.ts"
import * as Statistics from "./statistics.ts"
import * as Subscriptions from "./subscriptions.ts"
import { MemoryTables } from "./tables.ts"
import * as Transactor from "./transactor.ts"

export const layer = Layer.mergeAll(
  Outbox.layer,
  Inbox.layer,
  DeadLetters.layer,
  ErrorGroups.layer,
  Diagnosis.layer,
  Operations.layer,
  Subscriptions.layer,
  Contracts.layer,
  Statistics.layer,
  Lineage.layer,
  Links.layer,
  EventSearch.layer,
  Replicas.layer,
  Actors.layer,
  Transactor.layer
).pipe(
  Layer.provideMerge(MemoryTables.layer),
  Layer.provideMerge(MemorySettings.layer),
  Layer.provideMerge(MemoryAudit.layer),
  Layer.provideMerge(MemoryDatabase.layer)
)

/** Wakes consumers that were given events which they had missed; no poll looks for those here. */
export const wakeMissed: Layer.Layer<never, never, MemoryTables | Notifier> = Layer.effectDiscard(
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const notifier = yield* Notifier
    const run = Effect.runForkWith(yield* Effect.context<never>())
    tables.whenMissed = (consumers) => {
      run(notifier.wake(consumers))
    }
  })
)
