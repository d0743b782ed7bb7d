/**
 * All stores in memory, over one `MemoryDatabase`.
 *
 * @internal
 */
import { Layer } from "effect"
import { MemoryDatabase } from "../MemoryDatabase.ts"
import * as Actors from "./actors.ts"
import * as Inbox from "./inbox.ts"
import * as Links from "./links.ts"
import { MemorySettings } from "./MemorySettings.ts"
import { MemoryTables } from "./MemoryTables.ts"
import * as Outbox from "./outbox.ts"
import * as Subscriptions from "./subscriptions.ts"
import * as Transactor from "./transactor.ts"

export const layer = Layer.mergeAll(
  Outbox.layer,
  Inbox.layer,
  Subscriptions.layer,
  Links.layer,
  Actors.layer,
  Transactor.layer
).pipe(
  Layer.provide(MemoryTables.layer),
  Layer.provideMerge(MemorySettings.layer),
  Layer.provideMerge(MemoryDatabase.layer)
)
