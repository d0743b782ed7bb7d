/**
 * Messages between processes, as payloads of NOTIFY: the same in TypeScript and in SQL.
 *
 * @internal
 */
import { Option } from "effect"
import type { InlineNotification } from "../../wakeups/Broadcast.ts"

/**
 * What one process tells the others: that consumers have work, without `wake` that any may have; `hello`, that it runs. Functions of
 * `sql/0010_functions.sql` say the first too, and `route`: that events wait for their deliveries.
 */
export interface Message {
  readonly from: string
  readonly wake?: ReadonlyArray<string>
  readonly hello?: true
  readonly route?: true
}

/** What is told `from` within the database: by no process. */
export const fromSql = "sql"

/** PostgreSQL takes payloads of less than 8000 bytes. */
const maxPayloadBytes = 7900

/** A message as a payload; one that is too long does not name consumers. */
export const encode = (message: Message): string => {
  const json = JSON.stringify(message)
  return Buffer.byteLength(json) <= maxPayloadBytes ? json : JSON.stringify({ from: message.from })
}

const isMessage = (value: { readonly [Key in keyof Message]?: unknown } | null): value is Message =>
  typeof value?.from === "string" &&
  (value.wake === undefined || (Array.isArray(value.wake) && value.wake.every((name) => typeof name === "string")))

/** The message of a payload, if it is one: anybody may notify on the channel. */
export const decode = (payload: string): Option.Option<Message> => {
  try {
    const value = JSON.parse(payload)
    return isMessage(value) ? Option.some(value) : Option.none()
  } catch {
    return Option.none()
  }
}

/**
 * SQL that sends the message that consumers have work, encoded as `encode` does it; it is true.
 *
 * @param consumers - SQL of an array of their names, or null if there are none
 * @param first - number of the first of two parameters, those of `notifyingParameters`
 */
export const notifyingSql = (consumers: string, first: number) => `
    CASE WHEN ${consumers} IS NULL THEN true ELSE (
      SELECT pg_notify(
        $${first}::text,
        CASE WHEN octet_length(m.full) <= ${maxPayloadBytes} THEN m.full ELSE jsonb_build_object('from', $${first + 1}::text)::text END
      )::text IS NOT NULL
      FROM (SELECT jsonb_build_object('from', $${first + 1}::text, 'wake', ${consumers})::text AS "full") AS m
    ) END`

/** Parameters of `notifyingSql`. */
export const notifyingParameters = ({ channel, from }: InlineNotification) => [channel, from]
