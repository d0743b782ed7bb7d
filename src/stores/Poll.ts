/**
 * The one question a process asks while it waits, and its answer.
 *
 * @since 0.1.0
 */
import type { Schema } from "effect"
import type { Delayed, OnDeadLetter } from "../model/Consumer.ts"
import type { Interest } from "./Delivery.ts"

/** How a process is: kept with its sign of life. @since 0.1.0 */
export interface ReplicaCondition {
  /** It hears what other processes notify of. A change is kept at once. */
  readonly isListening: boolean
  /** Transactions of batches that are under way. */
  readonly batches: number
}

/** What one process wants to know about all its consumers. @since 0.1.0 */
export interface PollRequest {
  /** What this process serves: in order if a dead letter has a meaning for it. */
  readonly consumers: ReadonlyArray<
    Interest & {
      readonly consumer: string
      readonly onDeadLetter: OnDeadLetter | undefined
      /** As in `ClaimRequest`. */
      readonly delayed?: Delayed | undefined
    }
  >
  /** Where the look for parked deliveries that nothing blocks goes on: only greater ordering keys. */
  readonly parkedAfter: bigint
  /** This process, and after how many milliseconds without a sign of life another one counts as silent. */
  readonly replica: { readonly id: string; readonly silentMillis: number } & Partial<ReplicaCondition>
}

/** Below every ordering key. @since 0.1.0 */
export const firstOrderingKey = -(2n ** 63n)

/** @since 0.1.0 */
export interface PollResult {
  /**
   * Consumers with open deliveries that can be handled, and milliseconds until the earliest of each is due (≤ 0: due), or
   * a lease of theirs runs out.
   */
  readonly due: ReadonlyArray<{ readonly consumer: string; readonly inMillis: number }>
  /**
   * Consumers whose oldest due deliveries cannot be handled here, and the time, in milliseconds since 1970, before which nothing
   * can be: claims that look from there on need not pass over those each time. At least a minute ago, so that what is committed
   * late is missed only until the next poll, and only if it took that long. A store may say nothing.
   */
  readonly passedOver: ReadonlyArray<{ readonly consumer: string; readonly dueSince: number }>
  /** All stored settings. */
  readonly settings: Readonly<Record<string, Schema.Json>>
  /** Events inserted by other means wait for their deliveries. */
  readonly hasUnrouted: boolean
  /** Whoever inserts events by other means tells processes that listen, so that those need not look (`Broadcast.receiveInserts`). */
  readonly announcesInserts: boolean
  /** Consumers that came late are still to be given earlier events. */
  readonly hasOpenBackfills: boolean
  /** Operations are not finished: some process is to go on with them. */
  readonly hasOpenOperations: boolean
  /** Subscriptions may have missed events published around their registration. */
  readonly hasOpenSubscriptions: boolean
  /** Ordering keys whose first open delivery is parked although nothing blocks it: `unpark` is due. */
  readonly unparkable: ReadonlyArray<{ readonly consumer: string; readonly key: bigint }>
  /** Where the next look for those goes on: `firstOrderingKey` after the last. */
  readonly nextParkedAfter: bigint
  /** Consumers with leases that ran out. */
  readonly expired: ReadonlyArray<string>
  /** Recovering consumers of which nothing suspect is due any more. */
  readonly recovered: ReadonlyArray<string>
  /** Consumers that another process, which runs and is not silent, serves with another ordering. */
  readonly disputed: ReadonlyArray<string>
  /**
   * Consumers to be registered again, as their stored ordering is another than they are served with here: with order
   * always, without once nobody disputes it.
   */
  readonly reordered: ReadonlyArray<string>
  /** Other processes run, as far as is known. */
  readonly hasPeers: boolean
  /** Some of them have not given a sign of life for long. */
  readonly hasSilentPeers: boolean
}
