/** A real browser, and pages in it that tell what went wrong in them. */
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, inject, onTestFinished } from "vitest"
import { launch, sizeOf, widths } from "./chromium.ts"

/** Tests that need a browser: left out where there is none, which the run says. */
export const inBrowser = describe.skipIf(inject("chromium") === "")

export interface Look {
  readonly width?: number
  readonly theme?: "light" | "dark"
  /** Run in the page before anything else is. */
  readonly before?: () => void
}

export interface Visit {
  readonly page: Page
  /** What the browser complained of: errors of scripts and of the console, and what the page's policy refused. */
  readonly complaints: ReadonlyArray<string>
  /** Fails if there was a complaint other than those that the test provokes. */
  readonly assertCalm: (...provoked: ReadonlyArray<RegExp>) => void
}

const listen = (page: Page, own: string) => {
  const complaints: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`))
  page.on("request", (request) => {
    const url = request.url()
    if (!url.startsWith(own) && !url.startsWith("data:") && !url.startsWith("blob:")) complaints.push(`request: ${url}`)
  })
  return complaints
}

/** One browser for the tests of a file. */
export const makeBrowser = () => {
  let browser: Browser | undefined
  beforeAll(async () => {
    const executablePath = inject("chromium")
    if (executablePath !== "") browser = await launch(executablePath)
  })
  afterAll(() => browser?.close())

  const open = async ({ theme = "light", width = widths.desk }: Look = {}): Promise<BrowserContext> => {
    const context = await browser!.newContext({
      viewport: sizeOf(width),
      colorScheme: theme,
      reducedMotion: "reduce",
      locale: "en-GB",
      timezoneId: "UTC"
    })
    context.setDefaultTimeout(15_000)
    onTestFinished(() => context.close())
    return context
  }

  /** A page in a window of its own, with nothing kept from others. */
  const visit = async (url: string, { before, ...look }: Look = {}): Promise<Visit> => {
    const page = await (await open(look)).newPage()
    if (before !== undefined) await page.addInitScript(before)
    const complaints = listen(page, new URL(url).origin)
    await page.goto(url)
    // By its name: a sheet that asks for a token hides it from those who hear the page.
    await page.locator("#main").waitFor()
    return {
      page,
      complaints,
      assertCalm: (...provoked) =>
        assert.deepStrictEqual(
          complaints.filter((each) => !provoked.some((pattern) => pattern.test(each))),
          []
        )
    }
  }
  return { visit }
}

/** Whether something on the page goes beyond its right edge, in pixels. */
export const beyondEdge = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Waits until nothing is asked for that has not been answered; the stream of live figures never ends. */
export const untilAnswered = async (page: Page) => {
  await page.waitForFunction(() => document.querySelector(".skeleton") === null)
}
