/**
 * `npm run screenshots`: pictures of the dashboard over the demo with its traffic, in both themes and three widths, into `docs/img`.
 * It needs `npm run build` and Chromium. Given names of screens, it takes those.
 */
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { findChromium, launch, sizeOf, widths } from "../test/support/chromium.ts"
import { startDemo } from "./demo.ts"
import { type Shot, shots } from "./shots.ts"

const folder = fileURLToPath(new URL("../../docs/img/", import.meta.url))

const themes = ["light", "dark"] as const

/** Some minutes of traffic, so that charts have something to show; for single screens as long as the demo's provider is away. */
const patienceMillis = process.argv.length > 2 ? 30_000 : 240_000

const given = process.argv.slice(2)
const wanted = shots.filter(({ name }) => given.length === 0 || given.includes(name))

const root = fileURLToPath(new URL("../../", import.meta.url))

/** Stacks of the demo's errors name the folder it was started in, which is nobody's business. */
const withoutFolders = (folder: string) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    if (node.nodeValue?.includes(folder)) node.nodeValue = node.nodeValue.replaceAll(folder, "/app/")
  }
}

const settle = async (page: Page) => {
  await page.waitForFunction(
    () => document.querySelector("main h1") !== null && document.querySelector(".skeleton") === null
  )
  // Charts and graphs are drawn after their figures have come.
  await page.waitForLoadState("load")
  await page.waitForTimeout(1_500)
}

const take = async (
  browser: Browser,
  url: string,
  theme: (typeof themes)[number],
  width: number,
  all: ReadonlyArray<Shot>
) => {
  const context = await browser.newContext({
    viewport: sizeOf(width),
    colorScheme: theme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC"
  })
  const page = await context.newPage()
  for (const { go, name } of all) {
    await go(page, url)
    await settle(page)
    await page.evaluate(withoutFolders, root)
    await page.screenshot({ path: `${folder}${name}-${theme}-${width}.png` })
    console.log(`${name}-${theme}-${width}.png`)
  }
  await context.close()
}

const executable = findChromium()
if (executable === "") {
  console.error("There is no Chromium here: install Debian's chromium, or name one with CHROMIUM.")
  process.exit(1)
}
mkdirSync(folder, { recursive: true })
const demo = await startDemo()
const browser = await launch(executable)
try {
  console.log(`The demo runs at ${demo.url}; pictures are taken in ${patienceMillis / 1_000} s`)
  await new Promise((resolve) => setTimeout(resolve, patienceMillis))
  for (const theme of themes)
    for (const width of Object.values(widths)) await take(browser, demo.url, theme, width, wanted)
} finally {
  await browser.close()
  await demo.stop()
}
