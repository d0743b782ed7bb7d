/** What every door's program does, whatever it is written with: `node door.mjs first` publishes, `second` goes on after the crash. */
import { existsSync, writeFileSync } from "node:fs"

export const url = process.env.DOOR_URL ?? ""

export const isFirst = process.argv[2] === "first"

/** Quick retries, and a dead letter after the second attempt. */
export const settings = { retryBaseDelayMs: 100, maxAttempts: 2 }

/** Invoices by what their handler does; the last one ends the process. */
export const invoices = ["fine", "flaky", "broken", "killer"]

/** Two runs begin with these. */
export const tables = [
  "CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY)",
  // Without a key: what is done twice is there twice.
  "CREATE TABLE IF NOT EXISTS task (invoice text)"
]

/** What ends a transaction after it has published. */
export const refusal = new Error("the customer is blocked")

/**
 * Called by the handler when it has written.
 *
 * @param {{ readonly invoice: string, readonly attempt: number }} delivery
 */
export const behave = ({ attempt, invoice }) => {
  if (invoice === "broken" || (invoice === "flaky" && attempt === 1)) throw new Error(`${invoice} ${attempt}`)
  const marker = process.env.DOOR_MARKER ?? ""
  if (invoice !== "killer" || existsSync(marker)) return
  writeFileSync(marker, "")
  process.kill(process.pid, "SIGKILL")
}
