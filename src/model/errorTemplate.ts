/**
 * What is the same about messages of the same failure, and what differs: `Invoice 42 of "ann" has no rate` and `Invoice 7 of "bob" has no
 * rate` are both `Invoice <number> of <text> has no rate`.
 *
 * @internal
 */
import { isWordPart, type PartKind, partAt, type Url, urlAt } from "./variableParts.ts"

/**
 * Version of the rule by which messages are told apart. Whoever changes what follows, or the parts that are left out, counts it up: groups
 * of another rule are others.
 */
export const errorRule = 1

/** Characters of a template at most: what comes behind tells no messages apart. */
export const maxTemplate = 1000

/** Characters of a part that was left out, as it is shown. */
const maxShown = 200

/** A part that a template leaves out. */
export interface LeftOut {
  /** As it stands in the template: `<number>`, then `<number 2>`. */
  readonly placeholder: string
  readonly value: string
}

export interface Template {
  readonly title: string
  readonly leftOut: ReadonlyArray<LeftOut>
}

interface Part {
  readonly kind: PartKind
  readonly placeholder: string
  readonly start: number
  end: number
  /** Characters of the template up to its end. */
  readonly written: number
}

/** Between two parts of a list. */
const separator = /^(?:\s*[,;|]\s*|\s)$/

class Scan {
  readonly #text: string
  readonly #parts: Array<Part> = []
  readonly #counts = new Map<PartKind, number>()
  #out = ""
  #url: Url | undefined

  constructor(text: string) {
    this.#text = text
  }

  get template(): Template {
    for (let at = 0; at < this.#text.length && this.#out.length < maxTemplate; ) at = this.#step(at)
    const title = this.#out.slice(0, maxTemplate).trimEnd().toWellFormed()
    return {
      title,
      leftOut: this.#parts.map(({ end, placeholder, start }) => ({
        placeholder,
        value: this.#text.slice(start, Math.min(end, start + maxShown)).toWellFormed()
      }))
    }
  }

  /** Reads on from a place; returns where it came to. */
  #step(at: number): number {
    if (this.#url !== undefined && at >= this.#url.path) {
      const { end } = this.#url
      this.#url = undefined
      if (end > at) return this.#leaveOut("path", at, end)
    }
    const isStart = at === 0 || !isWordPart(this.#text.charCodeAt(at - 1))
    const url = isStart && this.#url === undefined ? urlAt(this.#text, at) : undefined
    if (url !== undefined) {
      this.#url = url
      this.#out += this.#text.slice(at, url.schemeEnd)
      return url.host
    }
    const part = partAt(this.#text, at)
    return part === undefined ? this.#keep(at) : this.#leaveOut(part[0], at, part[1])
  }

  /** Keeps a character; of white space only whether it ends a line. */
  #keep(at: number): number {
    const char = this.#text.charAt(at)
    if (!/\s/.test(char)) {
      this.#out += char
      return at + 1
    }
    let end = at
    let isLine = false
    while (end < this.#text.length && /\s/.test(this.#text.charAt(end)))
      isLine = this.#text.charAt(end++) === "\n" || isLine
    this.#out += isLine ? "\n" : " "
    return end
  }

  #leaveOut(kind: PartKind, start: number, end: number): number {
    const last = this.#parts.at(-1)
    if (last !== undefined && last.kind === kind && separator.test(this.#out.slice(last.written, last.written + 5))) {
      // A list, of however many.
      last.end = end
      this.#out = this.#out.slice(0, last.written)
      return end
    }
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const placeholder = count === 1 ? `<${kind}>` : `<${kind} ${count}>`
    this.#out += placeholder
    this.#parts.push({ kind, placeholder, start, end, written: this.#out.length })
    return end
  }
}

/** What is the same about messages like this one, and what this one has in place of what differs. */
export const templateOf = (text: string): Template => new Scan(text).template
