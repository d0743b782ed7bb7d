/**
 * JSON documents as values whose numbers keep their digits: JavaScript would round long ones.
 *
 * @internal
 */

/** TypeScript does not know these yet. */
const { parse, rawJSON } = JSON as unknown as {
  readonly parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown
  ) => unknown
  readonly rawJSON: (text: string) => unknown
}

/** A number as it stands in a text: `JSON.stringify` writes it so again. */
export class ExactNumber {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  toJSON() {
    return rawJSON(this.digits)
  }
}

/** Reads JSON, with its numbers as `ExactNumber`. */
export const readExact = (text: string): unknown =>
  parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined ? new ExactNumber(source) : value
  )
