/** Links of Markdown documents: where they lead to, and the headings they may name. */
import { readFileSync } from "node:fs"

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

/** Where the repository is shown: files that are not in the package are linked to there. */
export const repository: string = manifest.homepage.replace(/#.*$/, "")

const withoutCode = (text: string) =>
  text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ""))

/** What links of a document lead to. */
export const targetsOf = (text: string): ReadonlyArray<string> =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target)

/** Whether a target is an address, and no path beside the document. */
export const isAddress = (target: string): boolean => /^[a-z]+:/.test(target)

/** The path in the repository that an address shows, if it is one of ours. */
export const ownPath = (target: string): string | undefined =>
  new RegExp(`^${repository}/(?:blob|tree)/main/(.+)$`).exec(target)?.[1]

/** Anchors of headings, as they are made where Markdown is shown. */
export const anchorsOf = (text: string): ReadonlyArray<string> =>
  [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-")
  )

/** What is wrong with one target of a document, given its folder's URL and what reads a file, or says that it is not there. */
export const problemOf = (
  document: string,
  target: string,
  read: (path: string) => string | undefined
): string | undefined => {
  const url = new URL(target, new URL(document, "file:///"))
  const anchor = url.hash.slice(1)
  const text = read(decodeURIComponent(url.pathname).replace(/^\/|\/$/g, ""))
  if (text === undefined) return `${document}: ${target} is not there`
  return anchor === "" || anchorsOf(text).includes(anchor) ? undefined : `${document}: ${target} has no such heading`
}
