/**
 * What `Processor.retire` returns.
 *
 * @since 0.1.0
 */
import type { Delivery } from "../stores/Delivery.ts"

/** What retiring did, or what keeps it from being done. @since 0.1.0 */
export interface Retired {
  /** Subscriptions that were ended; 0 when open deliveries kept them. */
  readonly ended: number
  /** Open deliveries that were found, the first 1000; with `open: "skip"` none are left. */
  readonly open: ReadonlyArray<Delivery>
  /** Deliveries that were marked `skipped`. */
  readonly skipped: number
}
