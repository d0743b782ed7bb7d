/**
 * JSON as text, read without making values of it: numbers keep all their digits, and what is wrong has a place.
 *
 * @internal
 */

/** What is wrong with a text, and where: lines and columns count from 1, columns in UTF-16 units as editors do. */
export interface TextProblem {
  readonly message: string
  /** Where in the document it is, as `items.0.price`. */
  readonly path: string
  readonly line: number
  readonly column: number
}

/** Largest power of ten, and most digits behind the point, of a `numeric`. */
const numeric = { power: 131_071, scale: 16_383 }

const space = /[ \t\n\r]*/y
const number = /-?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const word = /true|false|null/y

/** Thrown by a reader, and caught where it was started. */
class Stop {
  readonly message: string
  readonly at: number
  readonly path: string

  constructor(message: string, at: number, path: string) {
    this.message = message
    this.at = at
    this.path = path
  }
}

/** Why PostgreSQL has no number for these digits. */
const numberProblem = (whole: string, fraction: string, exponent: number): string | undefined => {
  if (fraction.length - exponent > numeric.scale) {
    return `has more than ${numeric.scale} digits behind the point when it is written in full, which PostgreSQL cannot store`
  }
  const digits = `${whole}${fraction}`
  const first = digits.search(/[1-9]/)
  return first !== -1 && whole.length - 1 - first + exponent > numeric.power
    ? `has more than ${numeric.power + 1} digits before the point when it is written in full, which PostgreSQL cannot store`
    : undefined
}

class Reader {
  readonly #text: string
  readonly #maxDepth: number
  /** Is told where each value begins. */
  readonly #visit: (path: string, at: number) => void
  #at = 0

  constructor(text: string, maxDepth: number, visit: (path: string, at: number) => void) {
    this.#text = text
    this.#maxDepth = maxDepth
    this.#visit = visit
  }

  readAll(): void {
    this.#value("", 0)
    if (this.#at < this.#text.length) throw this.#expected("the end of the text", "")
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at += found[0].length
    return found
  }

  #skip(character: string): boolean {
    this.#match(space)
    if (this.#text[this.#at] !== character) return false
    this.#at++
    this.#match(space)
    return true
  }

  #expected(what: string, path: string): Stop {
    const found = this.#text[this.#at]
    const instead = found === undefined ? "the text ends" : `found ${JSON.stringify(found)}`
    return new Stop(`is not JSON: expected ${what}, ${instead}`, this.#at, path)
  }

  #value(path: string, depth: number): void {
    this.#match(space)
    this.#visit(path, this.#at)
    const first = this.#text[this.#at]
    if (first === "{" || first === "[") {
      if (depth >= this.#maxDepth) throw new Stop(`is nested deeper than ${this.#maxDepth} levels`, this.#at, "")
      if (first === "{") this.#object(path, depth)
      else this.#array(path, depth)
    } else if (first === '"') this.#string(path)
    else if (first === "-" || (first !== undefined && first >= "0" && first <= "9")) this.#number(path)
    else if (this.#match(word) === null) throw this.#expected("a value", path)
    this.#match(space)
  }

  #string(path: string): string {
    const start = this.#at++
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 34) return this.#text.slice(start, ++this.#at)
      if (code === 92) {
        if (this.#match(escape) === null) throw this.#expected("an escape that JSON knows", path)
      } else if (code >= 32) this.#at++
      else throw this.#expected(Number.isNaN(code) ? "the end of a string" : "an escape, not a control character", path)
    }
  }

  #number(path: string): void {
    const at = this.#at
    const found = this.#match(number)
    if (found === null) throw this.#expected("a digit", path)
    const [, whole = "", fraction = "", exponent = "0"] = found
    const problem = numberProblem(whole, fraction, Number(exponent))
    if (problem !== undefined) throw new Stop(problem, at, path)
    if (/[\w.+-]/.test(this.#text[this.#at] ?? "")) throw this.#expected("the end of a number", path)
  }

  #object(path: string, depth: number): void {
    this.#skip("{")
    if (this.#skip("}")) return
    do {
      if (this.#text[this.#at] !== '"') throw this.#expected("a key in double quotes", path)
      const key = JSON.parse(this.#string(path)) as string
      if (!this.#skip(":")) throw this.#expected('":" behind a key', path)
      this.#value(path === "" ? key : `${path}.${key}`, depth + 1)
    } while (this.#skip(","))
    if (!this.#skip("}")) throw this.#expected('"," or "}"', path)
  }

  #array(path: string, depth: number): void {
    this.#skip("[")
    if (this.#skip("]")) return
    let index = 0
    do this.#value(path === "" ? String(index) : `${path}.${index}`, depth + 1)
    while (this.#skip(",") && ++index > 0)
    if (!this.#skip("]")) throw this.#expected('"," or "]"', path)
  }
}

const placeOf = (text: string, at: number) => {
  const before = text.slice(0, at)
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n") }
}

/** What keeps a text from being JSON that PostgreSQL can store, and where. */
export const textProblem = (text: string, maxDepth: number): TextProblem | undefined => {
  try {
    new Reader(text, maxDepth, () => {}).readAll()
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown
    return { message: thrown.message, path: thrown.path, ...placeOf(text, thrown.at) }
  }
}

/**
 * Where a part of a document is in its text, or the part around it that is there: what misses has no place of its own.
 *
 * @param path - as `items.0.price`
 */
export const placeInText = (text: string, path: string): { readonly line: number; readonly column: number } => {
  let best = { length: -1, at: 0 }
  const visit = (each: string, at: number) => {
    const isAround = each === "" || path === each || path.startsWith(`${each}.`)
    if (isAround && each.length >= best.length) best = { length: each.length, at }
  }
  new Reader(text, Number.POSITIVE_INFINITY, visit).readAll()
  return placeOf(text, best.at)
}
