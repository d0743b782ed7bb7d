/**
 * The contract for the audit: who did what, and what came of it.
 *
 * @since 0.1.0
 */
import { Context, Effect, type Schema } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import { cutTo } from "../model/storable.ts"

/** Who does something. @since 0.1.0 */
export interface Actor {
  /** As people know it: a login, or the name of a program. */
  readonly name: string
  /** What it may do where it was asked for, as `operator`. */
  readonly role: string
}

/**
 * Who acts in the current fiber: what it does through the services of this package is written down under this name. Default: the
 * application, in the role `application`.
 *
 * @since 0.1.0
 */
export const CurrentActor: Context.Reference<Actor> = Context.Reference<Actor>("effect-integration/CurrentActor", {
  defaultValue: () => ({ name: "application", role: "application" })
})

/** What came of an action: it was done, somebody may not do it, or it went wrong. @since 0.1.0 */
export type AuditOutcome = "done" | "refused" | "failed"

/** An action that is to be written down. @since 0.1.0 */
export interface NewAuditEntry {
  readonly who: string
  readonly role: string
  /** As `deadLetters.requeue`, `consumers.pause`, `settings.change`: the same name whether it was done or refused. */
  readonly action: string
  /** What it was done to: an id, a name, a filter. */
  readonly target: string
  readonly reason: string | null
  /** How many it changed. */
  readonly affected: number | null
  readonly outcome: AuditOutcome
  readonly details: Schema.Json | null
}

/** An action that was written down. @since 0.1.0 */
export interface AuditEntry extends NewAuditEntry {
  readonly id: string
  readonly at: Date
}

/** Which entries are meant; without a field, all. @since 0.1.0 */
export interface AuditFilter {
  readonly who?: string
  readonly action?: string
  readonly target?: string
  /** Written at this time or later. */
  readonly since?: Date
  /** Written before this time. */
  readonly until?: Date
}

/** What one look at the audit found. @since 0.1.0 */
export interface AuditFound {
  readonly entries: ReadonlyArray<AuditEntry>
  /** Where the next look goes on; undefined at the end. There may be one though nothing was found: see `AuditStore.list`. */
  readonly next: string | undefined
}

/** Entries that one look passes at most, whatever the filter. @since 0.1.0 */
export const auditWindow = 50_000

/** What an entry of a current action is made of. */
type Given = Pick<NewAuditEntry, "action" | "target"> &
  Partial<Pick<NewAuditEntry, "who" | "reason" | "affected" | "details">>

/** An entry for an action that is done, by who acts in the current fiber; texts are cut to what a store holds. @internal */
export const entryOf = (given: Given): Effect.Effect<NewAuditEntry> =>
  Effect.map(CurrentActor, ({ name, role }) => ({
    who: cutTo(given.who ?? name, 255),
    role: cutTo(role, 255),
    action: cutTo(given.action, 127),
    target: cutTo(given.target, 1023),
    reason: given.reason === undefined || given.reason === null ? null : cutTo(given.reason, 1023),
    affected: given.affected ?? null,
    outcome: "done",
    details: given.details ?? null
  }))

/** The entry of a setting that is stored, or removed (`undefined`). @internal */
export const settingEntry = (
  key: string,
  value: Schema.Json | undefined,
  changedBy: string | undefined,
  reason: string | undefined
): Effect.Effect<NewAuditEntry> =>
  entryOf({
    ...(changedBy === undefined ? {} : { who: changedBy }),
    reason: reason ?? null,
    action: "settings.change",
    target: key,
    affected: 1,
    details: value === undefined ? null : { value }
  })

/**
 * Stores the audit. Operations join the caller's transaction and fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class AuditStore extends Context.Service<
  AuditStore,
  {
    /** Writes an entry: it is there if the transaction is. */
    readonly add: (entry: NewAuditEntry) => Effect.Effect<void, StoreError>
    /**
     * The last first: at most `limit` before `after` (`next` of an earlier look). A look passes `auditWindow` entries at most, so it may
     * find fewer, or none, and still have a `next`.
     */
    readonly list: (
      filter: AuditFilter,
      after: string | undefined,
      limit: number
    ) => Effect.Effect<AuditFound, StoreError>
    /** Removes entries that are older than so many hours, at most `limit`. Returns how many. */
    readonly forget: (hours: number, limit: number) => Effect.Effect<number, StoreError>
  }
>()("effect-integration/AuditStore") {}
