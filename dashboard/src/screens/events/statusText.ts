/** How statuses of events are called. */
import type { EventSummary } from "../../api/wire.ts"

const words: Readonly<Record<EventSummary["status"], string>> = {
  pending: "pending",
  processing: "processing",
  processed: "processed",
  failed: "failed",
  dead_letter: "gave up"
}

export const statusText = (status: EventSummary["status"]): string => words[status]
