/**
 * JSON as it is written: `JSON.parse` would round numbers of more than 53 bits, drop keys that are there twice and put keys that look like
 * numbers first.
 */

export type JsonNode =
  | { readonly kind: "object"; readonly entries: ReadonlyArray<readonly [key: string, node: JsonNode]> }
  | { readonly kind: "list"; readonly items: ReadonlyArray<JsonNode> }
  /** `source`: the characters as they stand there, quotes of texts included. */
  | { readonly kind: "text" | "number" | "word"; readonly source: string }

const token = /\s*("[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{},:])/y

/** All tokens; undefined if something is none. */
const tokensOf = (text: string): ReadonlyArray<string> | undefined => {
  const tokens: Array<string> = []
  const end = text.trimEnd().length
  token.lastIndex = 0
  for (let at = 0; at < end; at = token.lastIndex) {
    token.lastIndex = at
    const found = token.exec(text)
    if (found === null) return undefined
    tokens.push(found[1]!)
  }
  return tokens
}

const leafOf = (source: string): JsonNode => {
  if (source.startsWith('"')) return { kind: "text", source }
  return { kind: /^[-\d]/.test(source) ? "number" : "word", source }
}

/** Deeper documents are shown as text. */
const deepest = 200

class Unreadable extends Error {}

const readFrom = (tokens: ReadonlyArray<string>) => {
  let at = 0
  const take = () => tokens[at++]
  const expect = (wanted: string) => {
    if (take() !== wanted) throw new Unreadable()
  }
  const goesOn = (close: string) => {
    const next = take()
    if (next !== "," && next !== close) throw new Unreadable()
    return next === ","
  }
  const list = (depth: number): JsonNode => {
    const items: Array<JsonNode> = []
    if (tokens[at] === "]") at += 1
    else
      do items.push(value(depth + 1))
      while (goesOn("]"))
    return { kind: "list", items }
  }
  const entry = (depth: number): readonly [string, JsonNode] => {
    const key = take()
    if (key?.startsWith('"') !== true) throw new Unreadable()
    expect(":")
    return [key.includes("\\") ? JSON.parse(key) : key.slice(1, -1), value(depth + 1)]
  }
  const object = (depth: number): JsonNode => {
    const entries: Array<readonly [string, JsonNode]> = []
    if (tokens[at] === "}") at += 1
    else
      do entries.push(entry(depth))
      while (goesOn("}"))
    return { kind: "object", entries }
  }
  const value = (depth: number): JsonNode => {
    const next = take()
    if (next === undefined || depth > deepest || "]},:".includes(next)) throw new Unreadable()
    if (next === "[") return list(depth)
    return next === "{" ? object(depth) : leafOf(next)
  }
  const read = value(0)
  if (at < tokens.length) throw new Unreadable()
  return read
}

/** Undefined when a text is no JSON, or nested too deeply to be shown as a tree. */
export const readJson = (text: string): JsonNode | undefined => {
  const tokens = tokensOf(text)
  if (tokens === undefined) return undefined
  try {
    return readFrom(tokens)
  } catch {
    return undefined
  }
}

const block = (open: string, close: string, lines: ReadonlyArray<string>, indent: string) =>
  lines.length === 0
    ? `${open}${close}`
    : `${open}\n${lines.map((line) => `${indent}  ${line}`).join(",\n")}\n${indent}${close}`

const laidOut = (node: JsonNode, indent: string): string => {
  const inner = `${indent}  `
  if (node.kind === "list") {
    return block(
      "[",
      "]",
      node.items.map((each) => laidOut(each, inner)),
      indent
    )
  }
  if (node.kind !== "object") return node.source
  const lines = node.entries.map(([key, each]) => `${JSON.stringify(key)}: ${laidOut(each, inner)}`)
  return block("{", "}", lines, indent)
}

/** One value a line, with the same characters; what is no JSON stays as it is. */
export const layOut = (text: string): string => {
  const node = readJson(text)
  return node === undefined ? text : laidOut(node, "")
}
