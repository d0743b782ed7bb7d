/**
 * Whether what delivers in this process is alive.
 *
 * @since 0.1.0
 */

/** The workers of a consumer. @since 0.1.0 */
export interface WorkersAlive {
  readonly consumer: string
  /** How many there are to be. */
  readonly wanted: number
  readonly alive: number
}

/** The processor of this process, without a look at the store. @since 0.1.0 */
export interface Liveness {
  /** The poller has not ended. */
  readonly isPolling: boolean
  /** Milliseconds since a poll was answered, or since the start, before the first one. */
  readonly polledMillisAgo: number
  /** Workers of the consumers served here, by consumer; of those that are just starting or ending there are none. */
  readonly workers: ReadonlyArray<WorkersAlive>
  /** Layers of subscribers that drain what was due at their start, or wait to register. */
  readonly starting: number
  /** Layers of subscribers whose running handlers are waited for. */
  readonly ending: number
  /** The processor itself ends. */
  readonly isStopping: boolean
  /** Batches that may run at once here. */
  readonly maxConcurrentBatches: number
}
