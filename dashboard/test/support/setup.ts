/** Finds the browser and the pages before anything is tested. */
import { existsSync } from "node:fs"
import type { TestProject } from "vitest/node"
import { findChromium } from "./chromium.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** Where Chromium is; empty if there is none. */
    readonly chromium: string
  }
}

const page = new URL("../../../dist/dashboard/static/index.html", import.meta.url)

export default (project: TestProject) => {
  if (!existsSync(page)) throw new Error("The dashboard has not been built: run npm run build first.")
  const chromium = findChromium()
  if (chromium === "") {
    console.warn(
      "There is no Chromium here, so nothing is tested in a browser: install Debian's chromium, or name one with CHROMIUM."
    )
  }
  project.provide("chromium", chromium)
}
