/**
 * Failures that are the same but for ids, numbers and the like, as one group: what people ask of them, and say of them.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import type { InvalidOption } from "../errors/DeclarationErrors.ts"
import { ErrorGroupNotFound } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { isFingerprint } from "../model/errorFingerprint.ts"
import { AuditStore, entryOf } from "../stores/AuditStore.ts"
import { type DeadLetter, DeadLetterStore } from "../stores/DeadLetterStore.ts"
import {
  type ErrorGroup,
  type ErrorGroupFilter,
  ErrorGroupStore,
  type GroupAttempts,
  type HourlyAttempts
} from "../stores/ErrorGroupStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { type Change, checkGroupPage, toChange, toGroupFilter } from "./errorGroupOptions.ts"
import { type LeftOutValues, leftOutOf } from "./leftOut.ts"

export type { Change } from "./errorGroupOptions.ts"
export type { LeftOutValues } from "./leftOut.ts"

/** A group as it is listed. @since 0.1.0 */
export interface Listed extends ErrorGroup {
  /** Failed attempts by hour, of the last 24, this one among them; hours without any are left out. */
  readonly hourly: ReadonlyArray<HourlyAttempts>
}

/** One page of a list. @since 0.1.0 */
export interface Page {
  readonly groups: ReadonlyArray<Listed>
  /** `after` of the next page; undefined on the last. */
  readonly next: string | undefined
}

/** A group with what is behind it. @since 0.1.0 */
export interface Details extends ErrorGroup {
  /** What its title leaves out, of its latest 200 deliveries: the values of each placeholder, the most frequent first. */
  readonly differs: ReadonlyArray<LeftOutValues>
  /** The first 50 of those that gave up, the last first; more by `DeadLetters.list({ fingerprint, after })`. */
  readonly deliveries: ReadonlyArray<DeadLetter>
  /** How many deliveries of the same aggregates wait parked behind them, counted to `largestGroupCount`. */
  readonly behind: number
  /** Failed attempts by hour, for 30 days; hours without any are left out. */
  readonly hourly: ReadonlyArray<HourlyAttempts>
}

/** Deliveries whose messages are looked at for what differs. */
const looked = 200

/** Deliveries that are given with a group. */
const firstPage = 50

/** Hours that are given with each group of a list. */
const listedHours = 24

/** Hours that are given with one group: as long as they are kept. */
const keptHours = 30 * 24

const hoursOf = (attempts: ReadonlyArray<GroupAttempts>): ReadonlyArray<HourlyAttempts> =>
  attempts.map(({ at, attempts }) => ({ at, attempts }))

const make = Effect.gen(function* () {
  const store = yield* ErrorGroupStore
  const letters = yield* DeadLetterStore
  const audit = yield* AuditStore
  const { withTransaction } = yield* Transactor
  const find = Effect.fnUntraced(function* (fingerprint: string) {
    const found = isFingerprint(fingerprint) ? yield* store.find(fingerprint) : undefined
    return found ?? (yield* new ErrorGroupNotFound({ fingerprint: String(fingerprint) }))
  })
  return ErrorGroups.of({
    list: Effect.fn("ErrorGroups.list")(function* ({ after, limit = 50, ...filter } = {}) {
      yield* checkGroupPage(limit, after)
      const listed = yield* store.list(yield* toGroupFilter(filter), after, limit)
      const found = yield* store.hourly(
        listed.map(({ fingerprint }) => fingerprint),
        listedHours
      )
      const byGroup = Map.groupBy(found, ({ fingerprint }) => fingerprint)
      const groups = listed.map(({ cursor: _, ...group }) => ({
        ...group,
        hourly: hoursOf(byGroup.get(group.fingerprint) ?? [])
      }))
      return { groups, next: listed.length < limit ? undefined : listed.at(-1)?.cursor }
    }),
    get: Effect.fn("ErrorGroups.get")(function* (fingerprint) {
      const group = yield* find(fingerprint)
      return {
        ...group,
        differs: leftOutOf(yield* store.messages(fingerprint, looked)),
        deliveries: yield* letters.list({ fingerprint }, undefined, firstPage),
        behind: yield* store.countBehind(fingerprint),
        hourly: hoursOf(yield* store.hourly([fingerprint], keptHours))
      }
    }),
    change: Effect.fn("ErrorGroups.change")(function* (fingerprint, change, by) {
      const checked = yield* toChange(change, by)
      const { consumer, errorTag, title } = yield* find(fingerprint)
      const details = { consumer, errorTag, title, ...JSON.parse(JSON.stringify(checked)) }
      const entry = yield* entryOf({ action: "errorGroups.change", target: fingerprint, affected: 1, details })
      const writing = Effect.gen(function* () {
        const changed = yield* store.change(fingerprint, checked, by)
        if (changed === undefined) return yield* new ErrorGroupNotFound({ fingerprint })
        yield* audit.add({ ...entry, who: by })
        return changed
      })
      return yield* withTransaction(writing)
    })
  })
})

/**
 * Groups of errors. An attempt that fails is of the group of its consumer, the tag of its error, what is the same about messages like its
 * own, and the place in the application's code where it came from: docs/errors.md says how. Groups include what is still to be tried
 * again. Other processes tell of what fails every ten seconds. Operations fail with `StoreError`; what they cost does not depend on how
 * many events are settled.
 *
 * @since 0.1.0
 */
export class ErrorGroups extends Context.Service<
  ErrorGroups,
  {
    /**
     * Groups, the last seen first.
     *
     * @param options.limit - how many, 1 to 200; default 50
     * @param options.after - `next` of the page before; default the first page. A group that fails meanwhile comes first again
     *
     * Fails with `InvalidOption`.
     */
    readonly list: (
      options?: ErrorGroupFilter & { readonly limit?: number; readonly after?: string }
    ) => Effect.Effect<Page, InvalidOption | StoreError>
    /** One group, what differs between its failures, and its deliveries. Fails with `ErrorGroupNotFound`. */
    readonly get: (fingerprint: string) => Effect.Effect<Details, ErrorGroupNotFound | StoreError>
    /**
     * Changes what people think of a group, writes that into the audit, and returns the group. One that is `resolved` is `new` again when it fails after that; one that is
     * `ignored` until a time is `known` again then.
     *
     * @param by - who says so, at most 255 characters
     *
     * Fails with `ErrorGroupNotFound` and `InvalidOption`; nothing was changed then.
     */
    readonly change: (
      fingerprint: string,
      change: Change,
      by: string
    ) => Effect.Effect<ErrorGroup, ErrorGroupNotFound | InvalidOption | StoreError>
  }
>()("effect-integration/ErrorGroups") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<ErrorGroups, never, ErrorGroupStore | DeadLetterStore | AuditStore | Transactor> =
    Layer.effect(ErrorGroups, make)
}
