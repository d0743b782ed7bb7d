/** What the docs point to is there: the tests that attack a promise, and the files that are linked. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../", import.meta.url))
const read = (page: string) => readFileSync(root + page, "utf8")
const exists = (path: string) => existsSync(root + path)

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "bench/README.md",
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
]

/** Test files that a text names in backticks. */
const namedTests = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`([^`\s]+\.test\.ts)`/g)].map((match) => match[1] ?? "")

/** Paths, from the root, of what a page links to that is neither elsewhere nor on the page itself. */
const linksOf = (page: string, text: string): ReadonlyArray<string> => {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "")
  const targets = [
    ...prose.matchAll(/\]\(\s*<?([^)\s>]+)[^)]*\)/g),
    ...prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm),
    ...prose.matchAll(/\b(?:href|src)="([^"]+)"/g)
  ].map((match) => decodeURI(match[1] ?? "").replace(/#.*$/, ""))
  return targets
    .filter((target) => target !== "" && !/^(?:[a-z][a-z+.-]*:|\/\/)/i.test(target))
    .map((target) => posix.join(posix.dirname(page), target))
}

describe("the docs", () => {
  it("name tests that exist", () => {
    assert.deepStrictEqual(namedTests("`a/b.test.ts`; faults: `c`, `d.test.ts` (10,000), `npm test -- e.test.ts`"), [
      "a/b.test.ts",
      "d.test.ts"
    ])
    const named = namedTests(read("docs/guarantees.md"))
    assert.isAtLeast(new Set(named).size, 25)
    assert.deepStrictEqual(
      named.filter((name) => !exists(`test/${name}`)),
      []
    )
  })

  it("link to files that exist", () => {
    const text = [
      "[a](b.md), [c](../d/e.ts#f) and ![g](h.png 'i'), [`j`](k.md)",
      "[l](https://m.org/n.md) [o](#p) `[q](r.md)`",
      "```md\n[s](t.md)\n```",
      '<img src="w.svg">',
      "[u]: <v.md>"
    ].join("\n")
    const found = ["docs/b.md", "d/e.ts", "docs/h.png", "docs/k.md", "docs/w.svg", "docs/v.md"]
    assert.sameMembers([...linksOf("docs/x.md", text)], found)
    const links = pages.flatMap((page) => linksOf(page, read(page)).map((target) => ({ page, target })))
    assert.isAtLeast(links.length, 10)
    assert.deepStrictEqual(
      links.filter(({ target }) => !exists(target)),
      []
    )
  })
})
