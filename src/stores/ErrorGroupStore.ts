/**
 * The contract for groups of errors: failures that are the same but for ids, numbers and the like, and what people say of them.
 *
 * Which group a failed attempt is of is written with its delivery. What is kept of groups themselves is gathered by processes and added
 * now and then, so a group may be known of deliveries only, for a while.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { FailureGroup } from "../model/errorFingerprint.ts"

/**
 * What people think of a group. `new`: nobody has said anything, or it was resolved and has failed again. `ignored`: until a time, when
 * it is `known` again, or for good.
 *
 * @since 0.1.0
 */
export type ErrorGroupState = "new" | "known" | "resolved" | "ignored"

/** What was seen of a group since it was last added. @since 0.1.0 */
export interface SeenFailures extends FailureGroup {
  readonly consumer: string
  readonly errorTag: string
  /** Words of the last of them. */
  readonly sample: string
  /** Its words and stack. */
  readonly sampleDetail: string | null
  readonly attempts: number
  /** How long ago the first of them was, in milliseconds: the store's clock says when. */
  readonly firstAgoMillis: number
  readonly lastAgoMillis: number
  readonly events: ReadonlyArray<string>
  readonly schemaVersions: ReadonlyArray<number>
  /** Of the application. */
  readonly versions: ReadonlyArray<string>
}

/** A group of errors. @since 0.1.0 */
export interface ErrorGroup {
  /** A number of 63 bits in decimal digits. */
  readonly fingerprint: string
  /** Version of the rule by which its failures were told from others. */
  readonly rule: number
  readonly consumer: string
  readonly errorTag: string
  /** What is the same about its messages, with placeholders for what differs. */
  readonly title: string
  /** The message of the last failure that was added. */
  readonly sample: string
  /** The message and stack of it, cut. */
  readonly sampleDetail: string | null
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  /** Failed attempts so far; those of the last seconds before a process was killed may be missing. */
  readonly attempts: number
  /** Names of events, the last seen 20. */
  readonly events: ReadonlyArray<string>
  /** Versions of payloads, the last seen 20. */
  readonly schemaVersions: ReadonlyArray<number>
  /** Versions of the application (`applicationVersion` of `Integration.layer`), the last seen 20. */
  readonly versions: ReadonlyArray<string>
  readonly state: ErrorGroupState
  /** Null unless it is ignored, and if that is for good. */
  readonly ignoredUntil: Date | null
  /** When it was last resolved; it stays when it has failed again. */
  readonly resolvedAt: Date | null
  readonly note: string | null
  readonly changedBy: string | null
  readonly changedAt: Date | null
  /** Deliveries that gave up with it, counted to `largestGroupCount`. */
  readonly gaveUp: number
  /** Deliveries that failed with it and are to be tried again, counted to `largestGroupCount`. */
  readonly retrying: number
}

/** A group in a list. @since 0.1.0 */
export interface ListedErrorGroup extends ErrorGroup {
  /** Where the list goes on after this one. */
  readonly cursor: string
}

/** Deliveries of a group are counted so far: this many stand for more. @since 0.1.0 */
export const largestGroupCount = 1001

/** What is kept of where a group was seen: names and versions, each. @since 0.1.0 */
export const largestSeen = 20

/** Which groups are meant; without a field, all. @since 0.1.0 */
export interface ErrorGroupFilter {
  readonly states?: ReadonlyArray<ErrorGroupState>
  readonly consumer?: string
  readonly errorTag?: string
  /** Whether only groups with deliveries that gave up, or are to be tried again, are meant; default false. */
  readonly onlyOpen?: boolean
  /** Whose last failure was at this time or later. */
  readonly since?: Date
}

/** What is changed of a group. @since 0.1.0 */
export interface ErrorGroupChange {
  readonly state?: ErrorGroupState
  /** With the state `ignored`: until when; null: for good. */
  readonly ignoredUntil?: Date | null
  /** Null: there is none any more. */
  readonly note?: string | null
}

/** Failed attempts of an hour. @since 0.1.0 */
export interface HourlyAttempts {
  /** When the hour began. */
  readonly at: Date
  readonly attempts: number
}

/** Failed attempts of a group in an hour. @since 0.1.0 */
export interface GroupAttempts extends HourlyAttempts {
  readonly fingerprint: string
}

/** What is forgotten, and where to go on. @since 0.1.0 */
export interface ForgottenGroups {
  readonly groups: number
  /** The last that was looked at; undefined when there are no more. */
  readonly next: string | undefined
}

/** A failure of a group that only deliveries know of. @since 0.1.0 */
export interface UnknownGroup {
  readonly fingerprint: string
  readonly consumer: string
  readonly errorTag: string
  readonly sample: string
  /** How long ago it failed, in milliseconds. */
  readonly agoMillis: number
  readonly eventName: string
  readonly schemaVersion: number
}

/**
 * Stores groups of errors. Operations join the caller's transaction, but for `add`, and fail with `StoreError`. What they cost does not
 * depend on how many events are settled.
 *
 * @since 0.1.0
 */
export class ErrorGroupStore extends Context.Service<
  ErrorGroupStore,
  {
    /** How long a process gathers what it saw before it adds it, in milliseconds. 0: it is added at once. */
    readonly gatherMillis: number
    /**
     * Adds what was seen, in a transaction of its own, which waits for nobody who waits for it. A group that was resolved before the last
     * of its failures is `new` again.
     */
    readonly add: (seen: ReadonlyArray<SeenFailures>) => Effect.Effect<void, StoreError>
    /** Groups, the last seen first: at most `limit` after `after` (a cursor of an earlier list). */
    readonly list: (
      filter: ErrorGroupFilter,
      after: string | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<ListedErrorGroup>, StoreError>
    readonly find: (fingerprint: string) => Effect.Effect<ErrorGroup | undefined, StoreError>
    /** Changes a group, and returns it as it is then; `undefined`: there is none. */
    readonly change: (
      fingerprint: string,
      change: ErrorGroupChange,
      by: string
    ) => Effect.Effect<ErrorGroup | undefined, StoreError>
    /** Messages of the last deliveries of a group that gave up, or are to be tried again, at most `limit`. */
    readonly messages: (fingerprint: string, limit: number) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** How many deliveries are parked behind those of a group, counted to `largestGroupCount`. */
    readonly countBehind: (fingerprint: string) => Effect.Effect<number, StoreError>
    /** Failed attempts of groups in the last `hours`, 720 at most, this one among them: each by time; hours without any are left out. */
    readonly hourly: (
      fingerprints: ReadonlyArray<string>,
      hours: number
    ) => Effect.Effect<ReadonlyArray<GroupAttempts>, StoreError>
    /**
     * Looks at `limit` groups after `after` (a fingerprint): forgets hours that are older than 30 days, and groups without deliveries
     * that were not seen for 90 days, or are resolved for 30, unless they are ignored.
     */
    readonly forget: (after: string | undefined, limit: number) => Effect.Effect<ForgottenGroups, StoreError>
    /** Groups that deliveries are of and `add` never told of, as when a process was killed: at most `limit`. */
    readonly unknown: (limit: number) => Effect.Effect<ReadonlyArray<UnknownGroup>, StoreError>
  }
>()("effect-integration/ErrorGroupStore") {}
