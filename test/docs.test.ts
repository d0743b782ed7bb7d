/** Documents lead somewhere: links and their anchors, the tests that promises name, and every page of docs/ by its index. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { isAddress, ownPath, problemOf, repository, targetsOf } from "./support/links.ts"

const root = new URL("../", import.meta.url)
const read = (url: URL) => readFileSync(url, "utf8")
const pages = readdirSync(new URL("docs/", root)).filter((name) => /\.(md|txt)$/.test(name))
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(new URL("docs/", root), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(md|txt)$/.test(name))
    .map((name) => `docs/${name}`),
  "bench/README.md"
]

/** Paths in the repository that links of a document lead to, also those that are written as addresses. */
const pathsOf = (text: string) =>
  targetsOf(text).flatMap((target) => {
    const own = ownPath(target)
    return own === undefined ? (isAddress(target) ? [] : [target]) : [`/${own}`]
  })

/** The text of what is there; of a folder none. */
const readIfThere = (path: string) => {
  const url = new URL(path, root)
  if (!existsSync(url)) return undefined
  return statSync(url).isDirectory() ? "" : read(url)
}

/** Test files that a text names in backticks. */
const namedTests = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`([^`\s]+\.test\.ts)`/g)].map((match) => match[1] ?? "")

describe("documents", () => {
  it("name tests that exist", () => {
    const text = "`a/b.test.ts`; faults: `c`, `d.test.ts` (10,000), `npm test -- e.test.ts`"
    assert.deepStrictEqual(namedTests(text), ["a/b.test.ts", "d.test.ts"])
    const named = namedTests(read(new URL("docs/guarantees.md", root)))
    assert.isAtLeast(new Set(named).size, 25)
    assert.deepStrictEqual(
      named.filter((name) => !existsSync(new URL(`test/${name}`, root))),
      []
    )
  })

  it("link to what is there", () => {
    const text = `[a](b.md#c), [\`d\`](../e.ts), [f](https://g.org) \`[h](i.md)\` [j](${repository}/blob/main/k/l.ts)`
    assert.deepStrictEqual(pathsOf(text), ["b.md#c", "../e.ts", "/k/l.ts"])
    const links = documents.flatMap((document) =>
      pathsOf(read(new URL(document, root))).map((target) => ({ document, target }))
    )
    assert.deepStrictEqual(
      links.flatMap(({ document, target }) => problemOf(document, target, readIfThere) ?? []),
      []
    )
    assert.isAtLeast(links.length, 60)
  })

  it("for coding agents show only code that runs", () => {
    const blocks = [...read(new URL("docs/llms.txt", root)).matchAll(/^(.*)\n```ts\n/gm)].map(([, above]) => above)
    assert.isNotEmpty(blocks)
    for (const above of blocks) assert.match(above ?? "", /^<!-- examples\/[\w/.]+(: \w+)? -->$/)
  })

  it("are all in their index, and in that for coding agents", () => {
    for (const index of ["README.md", "llms.txt"]) {
      const listed = [index, "README.md", ...targetsOf(read(new URL(`docs/${index}`, root)))]
      assert.deepStrictEqual(
        pages.filter((page) => !listed.includes(page)),
        []
      )
    }
  })
})
