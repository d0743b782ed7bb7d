/**
 * The inbox contract: what every store of deliveries must do. No database is imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type {
  AttemptRecord,
  Claimed,
  ClaimRequest,
  Delivery,
  DeliveryKey,
  Expired,
  Settlement,
  StatusCount,
  UnparkRequest
} from "./Delivery.ts"
import type { Depths } from "./Depths.ts"
import type { OldestOpen } from "./OldestOpen.ts"
import type { PollRequest, PollResult } from "./Poll.ts"

/**
 * Stores deliveries. Operations join the caller's transaction and fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class InboxStore extends Context.Service<
  InboxStore,
  {
    /**
     * Locks up to `limit` due deliveries of one consumer that `interest` covers, by due time, then position. Rows that
     * another transaction holds are passed over, and nothing of a paused consumer is given. Nothing is written: the
     * lock keeps others away, and ends with the transaction. Of large ones it gives the first only, about as many as
     * `largestClaim` bytes hold, and at least one. One that cannot be read is given without its payload: it hides no other.
     *
     * With `onDeadLetter`, deliveries are taken by aggregate: the oldest open one, and those that follow it without a
     * gap, while this transaction holds the aggregate. One that is due behind another that is not ready (it waits for a
     * retry or its time, is not covered or, with `park`, gave up) is parked: not due until it is unparked. So is all of an
     * aggregate while one of its deliveries is leased, which may be a later one. With `delayed: "pass"`, one that waits for its
     * time counts only from then on, unless it was attempted; a head start of others by priority is no delay.
     */
    readonly claim: (
      request: ClaimRequest & { readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<Claimed>, StoreError>
    /** Locks one delivery if it is still due, nobody holds it and, with `onDeadLetter`, it is its aggregate's first. */
    readonly claimOne: (request: ClaimRequest & DeliveryKey) => Effect.Effect<Claimed | undefined, StoreError>
    /**
     * Makes the first open delivery of each key due if it is parked and nothing blocks it: none before it gave up (with
     * `park`), none of the key is leased. Belongs into the transaction
     * that settled its predecessor. Keys that another transaction holds are passed over, as that one unparks them;
     * `waits`: they are waited for, by who settles without holding them, and may be overlooked by who parks just now.
     * Returns how many became due.
     */
    readonly unpark: (request: UnparkRequest) => Effect.Effect<number, StoreError>
    /**
     * Makes deliveries of lower priority due, for events of which all those of higher priority have been attempted.
     * Returns their consumers.
     */
    readonly bringForward: (eventIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /**
     * Marks deliveries of one consumer that this transaction has claimed as processed, counting the attempt. Fails when one of them is
     * not there, or not open: then the transaction is to be rolled back, as it has marked some of them only.
     */
    readonly complete: (deliveries: ReadonlyArray<DeliveryKey>) => Effect.Effect<void, StoreError>
    /**
     * Settles one delivery with its attempt counted, if it is still open and has the attempt count that was seen.
     * Returns whether it was: false in the transaction that claimed it means that it is to be rolled back. Error texts
     * are cut to fit.
     */
    readonly settle: (settlement: Settlement) => Effect.Effect<boolean, StoreError>
    /**
     * Turns the current transaction's hold on a delivery into a lease of so many milliseconds, counting the attempt.
     * Returns its token.
     *
     * @param holder - id of the process that takes it, as in `ReplicaStore`
     */
    readonly lease: (delivery: DeliveryKey, millis: number, holder: string) => Effect.Effect<string, StoreError>
    /**
     * Renews leases for so many milliseconds from now, beside any transaction and without waiting for the application's
     * connections. Returns the tokens of those that still held.
     */
    readonly renew: (
      leases: ReadonlyArray<DeliveryKey & { readonly token: string }>,
      millis: number
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /**
     * Settles a delivery if it is held by this lease, whose attempt is counted already. Returns whether it was. A lease
     * that ran out still holds until somebody has ended it.
     */
    readonly settleLease: (settlement: Settlement, token: string) => Effect.Effect<boolean, StoreError>
    /** Ends a lease without counting its attempt: due again at once. Returns whether it held. */
    readonly giveBack: (delivery: DeliveryKey, token: string) => Effect.Effect<boolean, StoreError>
    /**
     * Locks deliveries of a consumer whose lease ran out; those that another transaction holds are passed over. One whose
     * holder runs, as far as the store can tell, is left for `graceMillis` more.
     * Payloads are not read.
     */
    readonly expired: (
      consumer: string,
      limit: number,
      graceMillis: number
    ) => Effect.Effect<ReadonlyArray<Expired>, StoreError>
    /**
     * Milliseconds until the consumer's next delivery is due (≤ 0: due, perhaps held by another worker), or its next
     * lease runs out, or none.
     *
     * @param options.leases - whether leases count; default true
     */
    readonly nextDue: (
      request: ClaimRequest,
      options?: { readonly leases?: boolean }
    ) => Effect.Effect<number | undefined, StoreError>
    /** Position of the newest delivery of a consumer, 0 without one. */
    readonly lastPosition: (consumer: string) => Effect.Effect<bigint, StoreError>
    /** All that a process asks while it waits, in one statement; also records that its consumers are served. */
    readonly poll: (request: PollRequest) => Effect.Effect<PollResult, StoreError>
    /**
     * Deliveries of a consumer in the order of the ids of their events, which is that of time as far as publishers' clocks agree.
     *
     * @param after - id of an event: those behind it; undefined: from the first
     * @param limit - at most so many
     */
    readonly findByConsumer: (
      consumer: string,
      after: string | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
    /** All deliveries of an event, by consumer name. */
    readonly findByEvent: (eventId: string) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
    /** Failed attempts of a delivery, oldest first; the last 1000. */
    readonly attempts: (delivery: DeliveryKey) => Effect.Effect<ReadonlyArray<AttemptRecord>, StoreError>
    /** Whether one of these consumers has a delivery that is to be handled still: also one that waits, is parked or is held. */
    readonly hasOpen: (consumers: ReadonlyArray<string>) => Effect.Effect<boolean, StoreError>
    /**
     * Gives an event to a consumer, whatever that subscribed to, unless it was given it before. Returns whether there is such an
     * event.
     */
    readonly deliver: (eventId: string, consumer: string) => Effect.Effect<boolean, StoreError>
    readonly findById: (deliveryId: string) => Effect.Effect<Delivery | undefined, StoreError>
    /**
     * How many deliveries of each consumer have each status, by consumer and status. Those that are `failed` wait for their
     * retry (`open`), or gave up while dead letters were switched off.
     */
    readonly countByStatus: Effect.Effect<ReadonlyArray<StatusCount>, StoreError>
    /** How much waits for these consumers, by name, and for anybody: for metrics, so it is counted up to a limit. */
    readonly depths: (consumers: ReadonlyArray<string>) => Effect.Effect<Depths, StoreError>
    /**
     * What a consumer has had open for the longest time: of the first of each kind, so that it costs the same however much is
     * open. What gave up is not open.
     */
    readonly oldest: (consumer: string) => Effect.Effect<OldestOpen, StoreError>
    /**
     * Waits until deliveries may have changed: for the next change where changes are noticed, else for a short while.
     */
    readonly changed: Effect.Effect<void>
  }
>()("effect-integration/InboxStore") {}
