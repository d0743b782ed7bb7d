/** The language of the filter: `name:invoice.issued status:failed payload.customer.id:42 "not delivered"`. */

export interface Term {
  /** As it was typed. */
  readonly text: string
  /** What stands before the colon; undefined for a bare word. */
  readonly key: string | undefined
  /** Without quotes. */
  readonly value: string
  readonly isQuoted: boolean
}

const statuses = ["pending", "processing", "processed", "failed", "dead_letter"] as const

export type Status = (typeof statuses)[number]

export interface FilterKey {
  readonly key: string
  readonly help: string
  readonly example: string
  /** May be there more than once: any of them. */
  readonly isMany?: boolean
}

export const filterKeys: ReadonlyArray<FilterKey> = [
  { key: "name", help: "the event's name, or a pattern with *", example: "name:invoice.*", isMany: true },
  { key: "module", help: "the module that published it", example: "module:finance", isMany: true },
  { key: "status", help: "how it stands with all its deliveries", example: "status:dead_letter", isMany: true },
  { key: "consumer", help: "a consumer that it was delivered to", example: "consumer:crm.letters" },
  { key: "aggregate", help: "what it is about", example: "aggregate:finance/Invoice/42" },
  { key: "correlation", help: "the story that it belongs to", example: "correlation:order-42" },
  { key: "cause", help: "the event that it came of", example: "cause:01a2…" },
  { key: "id", help: "one event", example: "id:01a2…" },
  { key: "since", help: "stored from then on", example: "since:15m" },
  { key: "until", help: "stored before then", example: "until:14:30" },
  {
    key: "payload",
    help: "a path into the payload, and what stands there",
    example: "payload.customer.id:42",
    isMany: true
  }
]

export const statusWords: ReadonlyArray<readonly [Status, string]> = [
  ["pending", "a delivery is open, or none was written yet"],
  ["processing", "a delivery is being handled"],
  ["processed", "all deliveries were processed or skipped"],
  ["failed", "a delivery failed for good"],
  ["dead_letter", "a delivery gave up"]
]

/** Where a word ends: at a space that is not between quotes. */
const wordsOf = (text: string): ReadonlyArray<string> => text.match(/(?:"(?:[^"\\]|\\.)*"?|[^\s"])+/g) ?? []

/** The colon after the key: the first that is neither between quotes nor brackets. */
const colonOf = (word: string): number => {
  let isQuoted = false
  let depth = 0
  for (const [index, character] of [...word].entries()) {
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === "[") depth += 1
    else if (character === "]") depth -= 1
    else if (character === ":" && depth === 0) return index
  }
  return -1
}

const unquoted = (text: string): { readonly value: string; readonly isQuoted: boolean } =>
  text.startsWith('"')
    ? { value: text.replace(/^"|"$/g, "").replace(/\\(["\\])/g, "$1"), isQuoted: true }
    : { value: text, isQuoted: false }

export const termOf = (word: string): Term => {
  const at = word.startsWith('"') ? -1 : colonOf(word)
  return at < 0
    ? { text: word, key: undefined, ...unquoted(word) }
    : { text: word, key: word.slice(0, at), ...unquoted(word.slice(at + 1)) }
}

export const termsOf = (text: string): ReadonlyArray<Term> => wordsOf(text).map(termOf)

/** Whether a quote was opened and not closed: a space belongs to the word then. */
export const isOpenQuote = (text: string): boolean => (text.replace(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1

/** As a word of the language. */
export const quoted = (value: string): string =>
  value === "" || /[\s"]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value

export const pathOf = (key: string): string | undefined =>
  key.startsWith("payload") && key !== "payload" ? key.slice("payload".length).replace(/^\./, "") : undefined

export const isStatus = (value: string): value is Status => statuses.some((status) => status === value)

export const isKey = (key: string): boolean =>
  pathOf(key) !== undefined || filterKeys.some((known) => known.key === key && key !== "payload")
