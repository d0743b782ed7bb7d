/**
 * The status of an event, from its deliveries: as the view `outbox_event` derives it.
 *
 * @internal
 */
import type { EventDelivery } from "./EventSummary.ts"
import type { EventStatus } from "./OutboxStore.ts"

export const eventStatusOf = (
  deliveries: ReadonlyArray<Pick<EventDelivery, "status" | "isOpen">>,
  isRouted: boolean
): EventStatus => {
  const is = (status: EventDelivery["status"]) => deliveries.some((delivery) => delivery.status === status)
  if (is("processing")) return "processing"
  if (!isRouted || deliveries.some(({ isOpen }) => isOpen)) return "pending"
  return is("dead_letter") ? "dead_letter" : is("failed") ? "failed" : "processed"
}
