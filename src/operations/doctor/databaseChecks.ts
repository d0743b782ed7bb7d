/**
 * Checks of the server and the tables.
 *
 * @internal
 */
import { Duration, Effect } from "effect"
import { NotDiagnosable } from "../../errors/OperationErrors.ts"
import type { Settings } from "../../settings/Settings.ts"
import type { Deviation, DiagnosisStore, OpenTransaction, TableCondition } from "../../stores/DiagnosisStore.ts"
import type { Check } from "./check.ts"
import { type Finding, found, type KnownFinding } from "./findings.ts"
import type { Limits } from "./limits.ts"
import { ageText, commandLine, countText, numberText, sqlText } from "./words.ts"

type Store = DiagnosisStore["Service"]

const skipped = (why: string) => Effect.fail(new NotDiagnosable({ why }))

/** Whether the tables are those that this code works with. */
const schema = (store: Store): Check => ({
  id: "schema",
  title: "The tables have the version that this process needs",
  run: Effect.map(store.version, ({ newer, pending, problem }) => {
    if (problem !== null) {
      const list = pending.length === 0 ? "" : ` Pending: ${pending.join(", ")}.`
      const command = pending.length > 0 && newer.length === 0 ? commandLine("migrate") : null
      return [found("schema-unfit", { detail: problem + list, command })]
    }
    return newer.length === 0 ? [] : [found("schema-newer", { detail: `Not known here: ${newer.join(", ")}.` })]
  })
})

const readOnlyCommand = "ALTER DATABASE … RESET default_transaction_read_only; -- or of the role, or of the server"

const writable = (store: Store): Check => ({
  id: "writable",
  title: "The database takes writes",
  run: Effect.map(store.server, ({ isInRecovery, isReadOnly }) => [
    ...(isInRecovery ? [found("database-in-recovery", { detail: "pg_is_in_recovery() is true." })] : []),
    ...(isReadOnly
      ? [found("database-read-only", { detail: "default_transaction_read_only is on.", command: readOnlyCommand })]
      : [])
  ])
})

const sessions = (store: Store, settings: Settings["Service"]): Check => ({
  id: "notifications",
  title: "Processes can wake each other",
  run: Effect.gen(function* () {
    const { keepsState, isHeard } = yield* store.session
    if (!keepsState) {
      const detail =
        "The connection that this process keeps for itself changes its server process between transactions."
      return [found("transaction-pooler", { detail })]
    }
    if (!(yield* settings.current).notifyEnabled) {
      return yield* skipped("The setting notifyEnabled is false: processes find each other's events by polling.")
    }
    if (isHeard) return []
    return [found("notifications-lost", { detail: "A notification of our own was not heard within a second." })]
  })
})

const clocks = (store: Store, limits: Limits): Check => ({
  id: "clocks",
  title: "The clocks of this process and the database agree",
  run: Effect.map(store.server, ({ aheadMillis, uncertainMillis }) => {
    const certain = Math.abs(aheadMillis) - uncertainMillis
    if (certain <= Duration.toMillis(limits.clockDifference)) return []
    const where = aheadMillis > 0 ? "behind" : "ahead of"
    const detail = `The clock of this process is ${ageText(Math.abs(aheadMillis))} ${where} that of the database.`
    return [found("clock-difference", { detail })]
  })
})

const ofTransaction = ({ ageMillis, application, gid, pid, role, state }: OpenTransaction): Finding => {
  if (gid !== null) {
    const detail = `Role "${role}" prepared transaction "${gid}" ${ageText(ageMillis)} ago.`
    return found("prepared-transaction-left", { detail, subject: gid, command: `ROLLBACK PREPARED ${sqlText(gid)};` })
  }
  const who = application === "" ? "a program that gives no application_name" : `"${application}"`
  return found("long-transaction", {
    detail: `Process ${pid} of the server, for ${who} as role "${role}", has had a transaction open for ${ageText(ageMillis)}; it is ${state || "in an unknown state"}.`,
    subject: String(pid),
    command: `SELECT pg_terminate_backend(${pid});`
  })
}

const transactions = (store: Store, limits: Limits): Check => ({
  id: "transactions",
  title: "No transaction holds back sweeps and vacuum",
  run: Effect.map(store.transactions(Duration.toMillis(limits.transactionAge)), ({ found: all, hidden }) => ({
    findings: all.map(ofTransaction),
    why:
      hidden === 0
        ? null
        : `Of ${countText(hidden, "session")} of other roles nothing can be seen; GRANT pg_read_all_stats to the role of this process to see them.`
  }))
})

const ofTable = (table: TableCondition, { deadRows }: Limits): ReadonlyArray<Finding> => {
  const { dead, isAutovacuumOff, lastVacuumAt, live, qualified, table: subject } = table
  const isDirty = dead > deadRows.count && dead > deadRows.share * (live + dead)
  const share = Math.round((100 * dead) / Math.max(1, live + dead))
  const last = lastVacuumAt === null ? "has never been vacuumed" : `was vacuumed last at ${lastVacuumAt.toISOString()}`
  const command = `ALTER TABLE ${qualified} RESET (autovacuum_enabled);`
  return [
    ...(isDirty
      ? [
          found("dead-rows", {
            detail: `Of ${subject}, ${numberText(dead)} of ${numberText(live + dead)} rows are dead (${share} %); it ${last}.`,
            subject,
            command: `VACUUM (ANALYZE) ${qualified};`
          })
        ]
      : []),
    ...(isAutovacuumOff
      ? [found("autovacuum-off", { detail: `It is off for the table ${subject}.`, subject, command })]
      : [])
  ]
}

const serverCommand = "ALTER SYSTEM RESET autovacuum; ALTER SYSTEM RESET track_counts; SELECT pg_reload_conf();"

const vacuum = (store: Store, limits: Limits, singleSession: boolean): Check => ({
  id: "vacuum",
  title: "The tables are kept clean",
  run: Effect.map(store.tables, ({ isAutovacuumOff, tables }) => [
    // PGlite has none, and says that it is on or off as it likes.
    ...(isAutovacuumOff && !singleSession
      ? [
          found("autovacuum-off", {
            detail: "autovacuum, or track_counts, is off for the server.",
            command: serverCommand
          })
        ]
      : []),
    ...tables.flatMap((table) => ofTable(table, limits))
  ])
})

/** Kinds of findings by what differs. */
const deviating: Readonly<Record<Deviation["kind"], Partial<Record<Deviation["problem"], KnownFinding>>>> = {
  table: { missing: "table-missing", changed: "table-changed" },
  column: { missing: "table-changed", changed: "table-changed" },
  constraint: {
    missing: "table-changed",
    changed: "table-changed",
    invalid: "table-changed",
    foreign: "table-changed"
  },
  index: { missing: "index-missing", changed: "index-changed", invalid: "index-invalid", foreign: "index-foreign" },
  trigger: {
    missing: "trigger-missing",
    changed: "trigger-changed",
    disabled: "trigger-changed",
    foreign: "trigger-foreign"
  },
  function: { missing: "function-missing", changed: "function-changed" }
}

/** A function's text is known by its hash, which tells nobody anything. */
const definitionText = (kind: Deviation["kind"], definition: string) =>
  kind === "function" ? definition.replace(/ ?[0-9a-f]{32}$/, " and its text") : definition

const ofDeviation = ({ command, expected, found: there, kind, name, problem, table }: Deviation) => {
  const id = deviating[kind][problem]
  if (id === undefined) return []
  const of = table === null ? "" : ` of ${table}`
  const states = {
    missing: "is missing",
    changed: "differs",
    invalid: "is invalid",
    disabled: "is switched off",
    foreign: "is not ours"
  }
  const text = (label: string, definition: string | null) =>
    definition === null ? "" : ` ${label}: ${definitionText(kind, definition)}.`
  const both = problem === "changed" ? text("Expected", expected) + text("Found", there) : text("Found", there)
  return [found(id, { detail: `The ${kind} ${name}${of} ${states[problem]}.${both}`, subject: name, command })]
}

const objects = (store: Store): Check => ({
  id: "objects",
  title: "Tables, indexes, triggers and functions are as the migrations made them",
  run: Effect.gen(function* () {
    const { found: version, needed } = yield* store.version
    if (version !== needed)
      return yield* skipped(`The tables are at version ${version}, and this process knows ${needed}.`)
    return (yield* store.deviations).flatMap(ofDeviation)
  })
})

const retention = (store: Store, settings: Settings["Service"], limits: Limits): Check => ({
  id: "retention",
  title: "Finished events are removed, or few",
  run: Effect.gen(function* () {
    const { retentionHours } = yield* settings.current
    if (retentionHours > 0) return []
    const { tables } = yield* store.tables
    const estimated = tables.find(({ table }) => table === "integration_event")?.estimated ?? 0
    if (estimated <= limits.eventsWithoutRetention) return []
    return [
      found("retention-off", {
        detail: `retentionHours is 0, and there are about ${numberText(estimated)} events.`,
        subject: "core.integration.outbox.retentionHours",
        command: commandLine("settings", "set", "core.integration.outbox.retentionHours", "720")
      })
    ]
  })
})

/** The first tells whether there is a database to be asked. */
export const databaseChecks = (
  store: Store,
  settings: Settings["Service"],
  limits: Limits,
  singleSession: boolean
): ReadonlyArray<Check> => [
  schema(store),
  writable(store),
  sessions(store, settings),
  clocks(store, limits),
  transactions(store, limits),
  vacuum(store, limits, singleSession),
  objects(store),
  retention(store, settings, limits)
]
