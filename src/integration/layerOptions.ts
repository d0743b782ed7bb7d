/**
 * Options of `Integration.layer`, and what they may be.
 *
 * @since 0.1.0
 */
import { Duration, Effect } from "effect"
import type * as ProcessorModule from "../delivery/Processor.ts"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { defaultMaxPayloadBytes } from "../model/storable.ts"
import type { RequireTransaction } from "../publishing/inTransaction.ts"
import type { Values } from "../settings/Settings.ts"
import type { AnyTransactionClient } from "../stores/TransactionClient.ts"
import { schemaProblem } from "./schemaOption.ts"
import { switchProblem } from "./switchOption.ts"

/**
 * Options of `layer`.
 *
 * @since 0.1.0
 */
export interface Options extends Omit<ProcessorModule.Options, "maxConcurrentBatches" | "isolation"> {
  /** Settings that replace defaults; environment and `integration_setting` win over them. */
  readonly settings?: Partial<Values>
  /**
   * Schema of the tables, whatever `search_path` says; migrations make it unless it is there. Default: the first schema of `search_path`
   * that has the tables, or takes them.
   */
  readonly schema?: string
  /**
   * Another client of the same database, made by `effect-integration/pg`, `/postgres`, `/knex`, `/kysely`, `/drizzle` or `/prisma`: it opens the
   * transactions of deliveries, so that handlers write through it exactly once. Default: none, they are opened on connections of the `PgClient`.
   */
  readonly client?: AnyTransactionClient
  /** Run pending migrations at start. When false, the layer fails unless the tables are up to date. Default true. */
  readonly migrate?: boolean
  /** As of `Migrations.run`, with the migrations of a start. Default: as it is, at first false. */
  readonly announceInserts?: boolean
  /**
   * How long a start tries again to reach a database that is not there yet; default 30 seconds. What does not pass by itself, as a
   * wrong password, fails at once.
   */
  readonly waitForDatabase?: Duration.Input
  /** Largest payload, and largest metadata, in bytes of JSON. Default 1 MiB. */
  readonly maxPayloadBytes?: number
  /**
   * Keys of metadata that follow from cause to caused: what is published in a handler, or with a `cause`, has those of that event,
   * unless it has its own. Default none.
   */
  readonly inheritMetadata?: ReadonlyArray<string>
  /**
   * Whether what is published and delivered is counted by the minute, for `Statistics`, and written every ten seconds while something
   * happens. Default true.
   */
  readonly statistics?: boolean
  /**
   * What happens to events that are published outside of a transaction, which exist without what they speak of when that fails: `warn`
   * says so in the log, once for each name; `refuse` fails with `TransactionRequired`. Default `off`.
   */
  readonly requireTransaction?: RequireTransaction
}

/** @internal */
export const refuse = (option: string, value: unknown, expected: string) =>
  Effect.fail(new InvalidOption({ option, value: String(value), expected }))

const durations = ["maxBatchTime", "startupDrainTimeout", "shutdownGracePeriod", "waitForDatabase"] as const

/** Default of `waitForDatabase`. @internal */
export const defaultWait = "30 seconds"

const known: ReadonlyArray<string> = [
  "settings",
  "schema",
  "client",
  "migrate",
  "announceInserts",
  "maxPayloadBytes",
  "inheritMetadata",
  "requireTransaction",
  "statistics",
  "traceSampleRatio",
  "traceRelation",
  "traceOperations",
  "applicationVersion",
  ...durations
]

const isDuration = (value: Duration.Input) => {
  try {
    return Number.isFinite(Duration.toMillis(value)) && Duration.toMillis(value) >= 0
  } catch {
    return false
  }
}

/** Types do not reach everybody who gives one. */
const isClient = (client: unknown): boolean => {
  const { name, query, stateOf, transaction } = Object(client)
  return typeof name === "string" && [query, stateOf, transaction].every((each) => typeof each === "function")
}

/** Fails for what is none of them, or out of its range. @internal */
export const validate = (options: Options): Effect.Effect<void, InvalidOption | UnsupportedOption> => {
  const problem =
    unknownOption("Integration.layer", options, known) ??
    schemaProblem(options.schema) ??
    switchProblem(options.announceInserts)
  if (problem !== undefined) return Effect.fail(problem)
  if (options.client !== undefined && !isClient(options.client)) {
    return refuse(
      "client",
      typeof options.client,
      "what effect-integration/pg, /prisma … make of a client: pgClient(pool)"
    )
  }
  for (const name of durations) {
    const value = options[name]
    if (value !== undefined && !isDuration(value)) return refuse(name, value, "a finite duration")
  }
  const { announceInserts, inheritMetadata = [] } = options
  if (announceInserts !== undefined && options.migrate === false) {
    return refuse(
      "announceInserts",
      announceInserts,
      "to be left out without migrations: Migrations.run({ announceInserts })"
    )
  }
  if (!Array.isArray(inheritMetadata) || !inheritMetadata.every((key) => typeof key === "string" && key !== "")) {
    return refuse(
      "inheritMetadata",
      JSON.stringify(inheritMetadata),
      "a list of keys, which are strings that are not empty"
    )
  }
  const { applicationVersion = "" } = options
  if (typeof applicationVersion !== "string") {
    return refuse("applicationVersion", applicationVersion, "the version of the application, a text")
  }
  const ratio: unknown = options.traceSampleRatio ?? 1
  if (!(typeof ratio === "number" && ratio >= 0 && ratio <= 1)) {
    return refuse("traceSampleRatio", ratio, "a number from 0 to 1")
  }
  const { requireTransaction = "off", traceOperations = false, traceRelation = "link" } = options
  if (!["off", "warn", "refuse"].includes(requireTransaction)) {
    return refuse("requireTransaction", requireTransaction, '"off", "warn" or "refuse"')
  }
  if (!["link", "parent"].includes(traceRelation)) return refuse("traceRelation", traceRelation, '"link" or "parent"')
  const { statistics = true } = options
  if (typeof statistics !== "boolean") return refuse("statistics", statistics, "true or false")
  if (typeof traceOperations !== "boolean") return refuse("traceOperations", traceOperations, "true or false")
  const bytes = options.maxPayloadBytes ?? defaultMaxPayloadBytes
  // A row has to fit into one message of the PostgreSQL client.
  return Number.isInteger(bytes) && bytes >= 1 && bytes <= 15_000_000
    ? Effect.void
    : refuse("maxPayloadBytes", bytes, "an integer from 1 to 15000000")
}
