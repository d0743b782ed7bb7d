/** Documents lead somewhere: links and their anchors exist, and every page of docs/ is in its index. */
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

describe("documents", () => {
  it("link to what is there", () => {
    const problems = documents.flatMap((document) =>
      targetsOf(read(new URL(document, root))).flatMap((target) => problemWith(document, target) ?? [])
    )
    assert.deepStrictEqual(problems, [])
  })

  it("are all in their index", () => {
    const listed = targetsOf(read(new URL("docs/README.md", root)))
    assert.deepStrictEqual(
      pages.filter((page) => page !== "README.md" && !listed.includes(page)),
      []
    )
  })
})
