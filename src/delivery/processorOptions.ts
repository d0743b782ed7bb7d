/**
 * What a processor can be told that is no setting.
 *
 * @internal
 */
import type { Duration } from "effect"
import type { Isolation } from "../model/Consumer.ts"

/** Options of the processor that are not settings. @since 0.1.0 */
export interface Options {
  /** Transactions of batches that may run at once in this process, at least 1. Default 5, half a pool of ten. */
  readonly maxConcurrentBatches?: number
  /** Age at which a batch is committed with what it has. Default 100 milliseconds. */
  readonly maxBatchTime?: Duration.Input
  /** How long a layer may take to drain what was due before it is ready. Default 1 minute. */
  readonly startupDrainTimeout?: Duration.Input
  /** How long running handlers may take to finish at shutdown before they are interrupted. Default 10 seconds. */
  readonly shutdownGracePeriod?: Duration.Input
  /**
   * What shares a transaction, for consumers whose options do not say. `delivery`: each delivery has its own, except those
   * of batch handlers. Default `batch`.
   */
  readonly isolation?: Isolation
  /**
   * Share of what begins outside of any trace that is traced, from 0 to 1, where there is a tracer; what follows from it is traced or
   * not as it is, and failed attempts always are. Default 1.
   */
  readonly traceSampleRatio?: number
  /**
   * How the span of a run stands to the one that published its event. `link`: it is the root of a trace of its own, linked to it.
   * `parent`: it is its child, in the same trace, unless the run is for several events. Default `link`.
   */
  readonly traceRelation?: "link" | "parent"
  /** Whether each claim and each settlement of a transaction has a span, too: to look into the engine. Default false. */
  readonly traceOperations?: boolean
  /**
   * Version of the application, which groups of errors and processes are kept with: a release, or a commit; cut to 255 characters. Default: `APP_VERSION` of the
   * environment (of the `ConfigProvider`), else none.
   */
  readonly applicationVersion?: string
}

/** Default of `maxConcurrentBatches`. */
export const defaultBatches = 5
