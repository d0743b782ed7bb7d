/** Details where there is less room: beside their list on a small desk, pages of their own on a tablet and a phone. */
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { beyondEdge, inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { widths } from "./support/chromium.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

/** In pixels. */
const smallDesk = 1024

/** Where details open from, and what is pressed to open one. */
const lists = [
  ["/events", "finance/Invoice/INV-1"],
  ["/contracts", "crm.account-charged"],
  ["/settings", "retryMaxDelayMs"]
] as const

const busy = async () => {
  const application = await startApplication("memory")
  await application.run(createInvoices(3))
  await application.run(Processor.use((processor) => processor.allSettled()))
  return application
}

/** Where the detail that is open is, in pixels. */
const boxOf = async (page: Page) => {
  const box = (await page.getByRole("dialog").boundingBox())!
  return { left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height }
}

inBrowser("a detail", () => {
  for (const [path, opened] of lists) {
    it(`of ${path} is beside its list on a small desk, and a page with a way back on a tablet and a phone`, async () => {
      const { url } = await busy()
      for (const width of [smallDesk, widths.tablet, widths.phone]) {
        const { assertCalm, page } = await visit(`${url}${path}`, { width })
        await untilAnswered(page)
        await page.locator("#main").getByText(opened, { exact: true }).first().click()
        await page.getByRole("dialog").waitFor()
        await untilAnswered(page)
        assert.isAtMost(await beyondEdge(page), 0, path)
        // It slides in: where it stands is seen when it has come.
        await expect.poll(async () => (await boxOf(page)).right).toBeLessThanOrEqual(width)
        const { bottom, left, right, top } = await boxOf(page)
        assert.isAtMost(right, width)
        const isPage = width < smallDesk
        if (isPage) assert.deepStrictEqual([left, right, top, bottom], [0, width, 0, page.viewportSize()!.height])
        else assert.isAbove(left, 0)
        const close = page.getByRole("dialog").getByRole("button", { name: isPage ? "Back" : "Close", exact: true })
        await close.click()
        await page.getByRole("dialog").waitFor({ state: "hidden" })
        assert.strictEqual(new URL(page.url()).pathname, path)
        assertCalm()
        await page.context().close()
      }
    })
  }
})

inBrowser("on a phone", () => {
  it("all screens are reached from the bar below, the others by More", async () => {
    const { url } = await busy()
    const { assertCalm, page } = await visit(url, { width: widths.phone })
    const bar = page.getByRole("navigation", { name: "Screens" })
    for (const title of ["Events", "Dead letters", "Consumers", "Overview"]) {
      await bar.getByRole("link", { name: title }).click()
      await page.getByRole("heading", { level: 1, name: title }).waitFor()
    }
    const others = ["Map", "Operations", "Links", "Contracts", "Processes", "Settings", "Audit", "Doctor"]
    for (const title of others) {
      await bar.getByRole("button", { name: "More" }).click()
      assert.sameMembers(await page.getByRole("menuitem").allInnerTexts(), others)
      await page.getByRole("menuitem", { name: title }).click()
      await page.getByRole("heading", { level: 1, name: title }).waitFor()
      assert.isAtMost(await beyondEdge(page), 0, title)
    }
    assertCalm()
  })
})
