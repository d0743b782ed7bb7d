/**
 * All stores of a database, as layers.
 *
 * @internal
 */
import { Layer } from "effect"
import type { AnyTransactionClient } from "../stores/TransactionClient.ts"
import * as SqlActors from "./actors.ts"
import * as SqlAudit from "./audit.ts"
import { ControlConnection } from "./connection/controlConnection.ts"
import { TableClient } from "./connection/tableClient.ts"
import * as SqlTransactor from "./connection/transactor.ts"
import * as SqlContracts from "./contracts.ts"
import * as SqlDeadLetters from "./deadLetters.ts"
import * as SqlDiagnosis from "./diagnosis/store.ts"
import * as SqlErrorGroups from "./errors/groups.ts"
import * as SqlInbox from "./inbox/store.ts"
import * as SqlLineage from "./lineage.ts"
import * as SqlLinks from "./links.ts"
import * as Migrations from "./migrations/migrations.ts"
import * as SqlOperations from "./operations/store.ts"
import * as SqlOutbox from "./outbox/store.ts"
import * as SqlReplicas from "./replicas.ts"
import * as SqlEventSearch from "./search/store.ts"
import * as SqlSettings from "./settings.ts"
import * as SqlStatistics from "./statistics/store.ts"
import * as SqlSubscriptions from "./subscriptions/store.ts"

/**
 * @param migrate - whether migrations are run first; else the database has to be as new as the code
 * @param schema - where the tables are; undefined: where `search_path` finds them
 * @param options.announceInserts - whether the trigger is on that tells of plain inserts; undefined: as it is
 * @param options.client - another client that opens the transactions of deliveries; undefined: they are the pool's
 */
export const stores = (
  migrate: boolean,
  schema: string | undefined,
  { announceInserts, client }: { readonly announceInserts?: boolean; readonly client?: AnyTransactionClient }
) =>
  Layer.mergeAll(
    SqlOutbox.layer,
    SqlInbox.layer,
    SqlDeadLetters.layer,
    SqlErrorGroups.layer,
    SqlDiagnosis.layer,
    SqlOperations.layer,
    SqlAudit.layer,
    SqlReplicas.layer,
    SqlSubscriptions.layer,
    SqlContracts.layer,
    SqlStatistics.layer,
    SqlLineage.layer,
    SqlLinks.layer,
    SqlEventSearch.layer,
    SqlActors.layer,
    SqlSettings.layer,
    SqlTransactor.layer(client)
  ).pipe(
    Layer.provideMerge(TableClient.layer(schema)),
    Layer.provide(Migrations.layer(migrate, schema, announceInserts)),
    // First of all: it finds out whether the client fits the database.
    Layer.provideMerge(ControlConnection.layer)
  )
