/** Documents lead somewhere: links and their anchors, the tests that promises name, and every page of docs/ by its index. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = new URL("../", import.meta.url)
const read = (url: URL) => readFileSync(url, "utf8")
const pages = readdirSync(new URL("docs/", root)).filter((name) => name.endsWith(".md"))
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...pages.map((name) => `docs/${name}`),
  "bench/README.md"
]

const withoutCode = (text: string) =>
  text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ""))

/** What links of a document lead to, but for those that leave the repository. */
const targetsOf = (text: string) =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

/** Anchors of headings, as they are made where Markdown is shown. */
const anchorsOf = (text: string) =>
  [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-")
  )

const problemWith = (document: string, target: string) => {
  const url = new URL(target, new URL(document, root))
  const anchor = url.hash.slice(1)
  url.hash = ""
  if (!existsSync(fileURLToPath(url))) return `${document}: ${target} is not there`
  return anchor === "" || anchorsOf(read(url)).includes(anchor)
    ? undefined
    : `${document}: ${target} has no such heading`
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
    assert.deepStrictEqual(targetsOf("[a](b.md#c), [`d`](../e.ts), [f](https://g.org) `[h](i.md)`"), [
      "b.md#c",
      "../e.ts"
    ])
    const problems = documents.flatMap((document) =>
      targetsOf(read(new URL(document, root))).flatMap((target) => problemWith(document, target) ?? [])
    )
    assert.deepStrictEqual(problems, [])
    assert.isAtLeast(documents.flatMap((document) => targetsOf(read(new URL(document, root)))).length, 60)
  })

  it("are all in their index", () => {
    const listed = targetsOf(read(new URL("docs/README.md", root)))
    assert.deepStrictEqual(
      pages.filter((page) => page !== "README.md" && !listed.includes(page)),
      []
    )
  })
})
