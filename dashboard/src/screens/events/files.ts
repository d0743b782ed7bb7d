/** What was found, as texts of files. */
import type { EventSummary } from "../../api/wire.ts"
import { entityText } from "../../words/entities.ts"

const fields = [
  ["id", ({ id }) => id],
  ["name", ({ eventName }) => eventName],
  ["version", ({ schemaVersion }) => String(schemaVersion)],
  ["module", ({ sourceModule }) => sourceModule],
  ["aggregate", ({ aggregate }) => entityText(aggregate)],
  ["stored", ({ createdAt }) => createdAt],
  ["status", ({ status }) => status],
  ["correlation", ({ correlationId }) => correlationId ?? ""],
  ["cause", ({ causationId }) => causationId ?? ""],
  ["deliveries", ({ deliveries }) => deliveries.map(({ consumer, status }) => `${consumer}=${status}`).join(" ")]
] as const satisfies ReadonlyArray<readonly [string, (event: EventSummary) => string]>

/** Spreadsheets would run what begins like a formula. */
const cellOf = (text: string) => {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const csvOf = (events: ReadonlyArray<EventSummary>): string =>
  [fields.map(([name]) => name), ...events.map((event) => fields.map(([, of]) => cellOf(of(event))))]
    .map((cells) => cells.join(","))
    .join("\r\n")

export const jsonOf = (events: ReadonlyArray<EventSummary>): string => JSON.stringify(events, null, 2)
