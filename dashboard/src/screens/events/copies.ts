/** An event as text for other tools. */
import type { EventDetails } from "../../api/wire.ts"
import { layOut } from "../../words/json.ts"

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** For `psql`: the event, and its deliveries. */
export const queryOf = ({ id }: EventDetails): string =>
  [
    "\\x auto",
    `SELECT * FROM outbox_event WHERE id = ${literal(id)};`,
    `SELECT * FROM inbox_event WHERE outbox_event_id = ${literal(id)} ORDER BY consumer_name;`
  ].join("\n")

const indented = (text: string) => text.replaceAll("\n", "\n  ")

/** As JSON, for tests: what was published, with the payload's own digits. Undefined when not all of the payload is seen. */
export const fixtureOf = (event: EventDetails): string | undefined => {
  if (event.payload === null || event.visibility !== "full") return undefined
  const fields = [
    ["name", JSON.stringify(event.eventName)],
    ["version", String(event.schemaVersion)],
    ["aggregateId", JSON.stringify(event.aggregate.entityId)],
    ["payload", indented(layOut(event.payload))]
  ]
  return `{\n${fields.map(([name, text]) => `  "${name}": ${text}`).join(",\n")}\n}\n`
}
