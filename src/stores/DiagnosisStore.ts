/**
 * The contract for looking at what the store stands on, when somebody asks: the doctor's questions, and those of a readiness probe.
 *
 * Each look is bounded: it takes two seconds at most, changes nothing, and reads nothing whose amount grows with the number of finished
 * events. A store of which something cannot be asked fails with `NotDiagnosable`, which says why.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { NotDiagnosable } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Replica, Served } from "./ReplicaStore.ts"

/** A look at the store. @since 0.1.0 */
export type Look<A> = Effect.Effect<A, NotDiagnosable | StoreError>

/** Which migrations the tables have. @since 0.1.0 */
export interface SchemaVersion {
  readonly found: number
  readonly needed: number
  /** Migrations that are still to be run, by name. */
  readonly pending: ReadonlyArray<string>
  /** Migrations that this version does not know, by name. */
  readonly newer: ReadonlyArray<string>
  /** Why this process cannot work with the tables; null when it can. */
  readonly problem: string | null
}

/** The server, as this process sees it. @since 0.1.0 */
export interface ServerCondition {
  /** It follows another server, and takes no writes. */
  readonly isInRecovery: boolean
  /** Transactions begin read-only. */
  readonly isReadOnly: boolean
  /** How far its clock is ahead of that of this process, in milliseconds. */
  readonly aheadMillis: number
  /** By how much `aheadMillis` may be wrong, as the answer took its time. */
  readonly uncertainMillis: number
}

/** What this process's connection of its own can do. @since 0.1.0 */
export interface SessionCondition {
  /** What is set on it stays: no pooler gives each transaction another one. */
  readonly keepsState: boolean
  /** What another connection notified of arrived within a second. */
  readonly isHeard: boolean
}

/** A transaction that has been open for long. @since 0.1.0 */
export interface OpenTransaction {
  /** Process of the server; null when it was prepared for a commit in two phases. */
  readonly pid: number | null
  /** Name of the prepared transaction; null of others. */
  readonly gid: string | null
  readonly application: string
  readonly role: string
  readonly state: string
  readonly ageMillis: number
}

/** A table, as the server counts it. @since 0.1.0 */
export interface TableCondition {
  readonly table: string
  /** Its name with the schema, as SQL. */
  readonly qualified: string
  readonly live: number
  readonly dead: number
  /** Rows at the last vacuum or analysis; -1 before the first one. */
  readonly estimated: number
  readonly lastVacuumAt: Date | null
  readonly isAutovacuumOff: boolean
}

/** Something of the tables that is not as the migrations made it. @since 0.1.0 */
export interface Deviation {
  readonly kind: "table" | "column" | "constraint" | "index" | "trigger" | "function"
  /** Its name; of a column or a constraint with its table. */
  readonly name: string
  readonly table: string | null
  /** `invalid`: it was not finished; `disabled`: switched off; `foreign`: no migration made it. */
  readonly problem: "missing" | "changed" | "invalid" | "disabled" | "foreign"
  readonly expected: string | null
  readonly found: string | null
  /** SQL that mends it, if there is one statement that does. */
  readonly command: string | null
}

/** A consumer, by the store's own clock. @since 0.1.0 */
export interface ConsumerCondition {
  readonly consumer: string
  /** For how long it has been paused; null: it is not. */
  readonly pausedMillis: number | null
  /** Why it was paused, when it was by its failures. */
  readonly pauseReason: string | null
  /** For how long a handler asked that nothing be claimed yet; null: none did. */
  readonly coolsForMillis: number | null
  readonly isHeldForBackfill: boolean
  readonly isRecovering: boolean
  /** For how long its oldest delivery has been due; 0 when none is. */
  readonly oldestMillis: number
  /** Deliveries that gave up within the last hour, among the latest 2000 of all consumers. */
  readonly gaveUpLately: number
}

/** Events that no subscription is for. @since 0.1.0 */
export interface UnheardEvent {
  readonly eventName: string
  /** How many there are among those that were looked at. */
  readonly count: number
  readonly lastAt: Date
}

/** A process that runs, and what it says of the consumers it serves. @since 0.1.0 */
export interface ServingProcess extends Pick<Replica, "id" | "host" | "pid"> {
  readonly served: ReadonlyArray<Served>
}

/**
 * Looks at the store.
 *
 * @since 0.1.0
 */
export class DiagnosisStore extends Context.Service<
  DiagnosisStore,
  {
    /** Asked on a connection that nobody else waits for, where there is one. */
    readonly version: Look<SchemaVersion>
    readonly server: Look<ServerCondition>
    /** Tries whether what one connection notifies of arrives at this process's own. */
    readonly session: Look<SessionCondition>
    /**
     * Transactions that hold back what waits for the end of all that are older: registrations' sweeps, and vacuum. The oldest 20.
     *
     * @param olderThanMillis - how long they have been open
     */
    readonly transactions: (olderThanMillis: number) => Look<{
      readonly found: ReadonlyArray<OpenTransaction>
      /** Sessions of other roles of which nothing may be seen. */
      readonly hidden: number
    }>
    /** The tables; what the server says of autovacuum as a whole. */
    readonly tables: Look<{ readonly tables: ReadonlyArray<TableCondition>; readonly isAutovacuumOff: boolean }>
    /** What differs from what the migrations made. */
    readonly deviations: Look<ReadonlyArray<Deviation>>
    /** The first thousand, by name. */
    readonly consumers: Look<ReadonlyArray<ConsumerCondition>>
    /**
     * Events without a subscription, the most frequent 50.
     *
     * @param sample - how many of the latest events are looked at
     */
    readonly unheard: (sample: number) => Look<ReadonlyArray<UnheardEvent>>
    /** Processes that run and have been heard of within `silentMillis`, the last started 200. */
    readonly processes: (silentMillis: number) => Look<ReadonlyArray<ServingProcess>>
    /** Bounds a look that goes through another store. */
    readonly bounded: <A, E, R>(look: Effect.Effect<A, E, R>) => Effect.Effect<A, E | NotDiagnosable | StoreError, R>
  }
>()("effect-integration/DiagnosisStore") {}
