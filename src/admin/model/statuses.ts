/**
 * Statuses, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"

/** Statuses of an event. @since 0.1.0 */
export const EventStatus = Schema.Literals(["pending", "processing", "processed", "failed", "dead_letter"])

/** Statuses of a delivery. @since 0.1.0 */
export const DeliveryStatus = Schema.Literals([
  "received",
  "processing",
  "processed",
  "failed",
  "skipped",
  "dead_letter"
])
