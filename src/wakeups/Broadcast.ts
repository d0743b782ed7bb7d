/**
 * Wake-ups between processes. A hint, as all wake-ups are: losing one costs at most one poll.
 *
 * @since 0.1.0
 */
import { Context, Effect } from "effect"

/** Where a statement that stores events can tell other processes of them itself. @since 0.1.0 */
export interface InlineNotification {
  readonly channel: string
  /** Who tells. */
  readonly from: string
}

/** How processes tell each other that consumers have work. @since 0.1.0 */
export interface Broadcast {
  /** Tells other processes, off the caller's path: many calls become one message. */
  readonly send: (consumers: Iterable<string>) => Effect.Effect<void>
  /**
   * Runs `store`, which stores a single event in a transaction of its own, and tells it where its statement can tell
   * others of the event, which saves a round trip; `undefined`: that is left to `send`. Transactions that notify commit
   * one after the other, in the whole database, so it is offered only now and then.
   */
  readonly withInlineNotification: <A, E>(
    store: (notification: InlineNotification | undefined) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E>
  /** For events in transactions that somebody else commits. */
  readonly ofOthers: {
    /**
     * Where a statement in such a transaction tells all processes of its events, this one, too: PostgreSQL sends it at the commit, once for
     * the same consumers. Such transactions commit one after the other, so single events are offered it now and then; `undefined`: it is
     * left to `whenCommitted`, or nobody listens.
     */
    readonly offer: (isSingle: boolean) => InlineNotification | undefined
    /** Wakes consumers, in every process, soon after a transaction has been committed, not when it is rolled back; not kept for longer than this process. */
    readonly whenCommitted: (transactionId: string, consumers: Iterable<string>) => Effect.Effect<void>
  }
  /**
   * Calls `wake` with what other processes send: names, or `undefined` when any consumer may have work, as after a
   * connection was lost.
   */
  readonly receive: (wake: (consumers: ReadonlyArray<string> | undefined) => Effect.Effect<void>) => Effect.Effect<void>
  /** Calls `route` when events were inserted by other means than publishing, as far as that is told. */
  readonly receiveInserts: (route: Effect.Effect<void>) => Effect.Effect<void>
  /** Whether this process hears, right now, what is told. */
  readonly isListening: Effect.Effect<boolean>
  /** Says whether other processes are known to run: nothing is sent when none are. */
  readonly setPeers: (exist: boolean) => Effect.Effect<void>
}

/** The way in use; by default there is none, and processes find each other's work by polling. @since 0.1.0 */
export const Broadcast: Context.Reference<Broadcast> = Context.Reference<Broadcast>("effect-integration/Broadcast", {
  defaultValue: () => ({
    send: () => Effect.void,
    withInlineNotification: (store) => store(undefined),
    ofOthers: { offer: () => undefined, whenCommitted: () => Effect.void },
    receive: () => Effect.void,
    receiveInserts: () => Effect.void,
    isListening: Effect.succeed(false),
    setPeers: () => Effect.void
  })
})
