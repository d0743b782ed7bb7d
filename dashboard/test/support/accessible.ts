/** What axe finds wrong in a page. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

interface Result {
  readonly violations: ReadonlyArray<{
    readonly id: string
    readonly impact: string
    readonly nodes: ReadonlyArray<{ readonly target: ReadonlyArray<string>; readonly failureSummary: string }>
  }>
}

/** Serious and critical findings, each with where it is. */
export const seriousFindings = async (page: Page): Promise<ReadonlyArray<string>> => {
  // Evaluated by the browser's debugger, which the page's policy does not bind.
  await page.evaluate(source)
  const { violations } = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'], preload: false })"
  )) as Result
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ failureSummary, target }) => `${id} at ${target.join(" ")}: ${failureSummary}`)
    )
}
