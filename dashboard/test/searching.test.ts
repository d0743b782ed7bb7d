/** Searches that do not look at everything at once, and say so. */
import type { Page } from "playwright-core"
import { it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { goTo, press, see } from "./support/steps.ts"

const { visit } = makeBrowser()

/**
 * Each request of a search looks at 100 events only, as it would at 50,000 of millions; after the first one, the time is over for
 * which a search goes on by itself.
 */
const lookLess = async (page: Page) => {
  let isFirst = true
  await page.route(/\/api\/v1\/events\?.*text=/, async (route) => {
    const response = await route.fetch({ url: `${route.request().url()}&budget=100` })
    if (isFirst) await page.clock.setFixedTime(new Date(Date.now() + 5_000))
    isFirst = false
    await route.fulfill({ response })
  })
}

const search = async (page: Page, text: string) => {
  const filter = page.getByRole("combobox", { name: "Filter events" })
  await filter.fill(text)
  await filter.press("Enter")
}

inBrowser("searching", () => {
  for (const store of ["memory", "PostgreSQL"] as const) {
    it(`over ${store}: it says how far it looked, goes on when asked, and says when that was all`, async () => {
      const { run, url } = await startApplication(store)
      await run(createInvoices(80))
      await run(Processor.use((processor) => processor.allSettled()))
      const { assertCalm, page } = await visit(url)
      await lookLess(page)
      await goTo(page, "Events")

      await search(page, "name:finance.invoice-created")
      await see(page, /^50 found in [0-9]+ events, back to [0-9:]+\.$/)
      await press(page, "Go on")
      await see(page, /^80 found in [0-9]+ events, back to [0-9:]+\. That is all there are\.$/)

      await press(page, "Remove the whole filter")
      await search(page, "nobody-has-this-text")
      await see(page, /^0 found in 100 events, back to [0-9:]+\.$/)
      await see(page, "Nothing that was looked at so far fits this filter.")
      await press(page, "Go on")
      await see(page, /^0 found in 240 events, back to [0-9:]+\. That is all there are\.$/)
      await see(page, "No stored event fits this filter.")
      assertCalm()
    })
  }
})
