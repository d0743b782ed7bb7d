/** What a browser says of a page: when something was first painted, and how long it took to answer what was done. */
import { type launch, sizeOf, widths } from "../../dashboard/test/support/chromium.ts"

type Browser = Awaited<ReturnType<typeof launch>>

type Page = Awaited<ReturnType<Browser["newPage"]>>

/** Collects what the browser tells of inputs: from the event to the frame that shows what came of it, in milliseconds. */
const observe = `
  window.answered = []
  new PerformanceObserver((list) => {
    for (const { duration, interactionId, name } of list.getEntries()) if (interactionId > 0) window.answered.push({ duration, name })
  }).observe({ type: 'event', durationThreshold: 16, buffered: true })`

const painted = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`

/** Until the heading is there and nothing is awaited any more. */
const untilFilled = async (page: Page) => {
  await page.locator("main h1").first().waitFor({ timeout: 60_000 })
  // More than one is there at once.
  while ((await page.locator(".skeleton").count()) > 0) {
    await page.locator(".skeleton").first().waitFor({ state: "detached", timeout: 60_000 })
  }
}

/** What somebody does on any screen: goes through rows, opens one, closes it, pauses, goes elsewhere by typing. */
const use = async (page: Page) => {
  for (const key of ["j", "j", "k", "Enter"]) await page.keyboard.press(key, { delay: 20 })
  await page.waitForTimeout(700)
  await page.keyboard.press("Escape")
  for (const key of [".", ".", "Control+k"]) await page.keyboard.press(key, { delay: 20 })
  await page.keyboard.type("bench.consumer-1", { delay: 30 })
  await page.keyboard.press("Escape")
  await page.waitForTimeout(300)
}

export interface PageFigures {
  /** From asking for the page to the first thing that is seen of it, with nothing kept from before. */
  readonly firstPaint: number
  /** Until it is filled. */
  readonly filled: number
  /** The longest answer to an input; 0 if each took less than 16 ms. */
  readonly interaction: number
}

/** One screen in a window of its own. */
export const measurePage = async (browser: Browser, url: string): Promise<PageFigures> => {
  const context = await browser.newContext({ viewport: sizeOf(widths.desk) })
  const page = await context.newPage()
  await page.addInitScript(observe)
  const began = performance.now()
  await page.goto(url)
  await untilFilled(page)
  const whole = performance.now() - began
  const firstPaint = (await page.evaluate(painted)) as number
  await use(page)
  const answered = (await page.evaluate("window.answered")) as ReadonlyArray<{ readonly duration: number }>
  await context.close()
  return { firstPaint, filled: whole, interaction: Math.max(0, ...answered.map(({ duration }) => duration)) }
}
