/** What an entity is linked with, and what happened to it: seen, gone through, and by keys. */
import { assert, expect, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { seriousFindings } from "./support/accessible.ts"
import { startApplication, storeNames } from "./support/application.ts"
import { beyondEdge, inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { widths } from "./support/chromium.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

const busy = async (store: (typeof storeNames)[number]) => {
  const application = await startApplication(store)
  await application.run(createInvoices(3))
  await application.run(Processor.use((processor) => processor.allSettled()))
  return application
}

inBrowser("links", () => {
  for (const store of storeNames) {
    it(`over ${store}: an entity leads to those it is linked with, and its life tells of all modules`, async () => {
      const { url } = await busy(store)
      const { assertCalm, page } = await visit(`${url}/links?entity=finance/Invoice/INV-2`)
      const life = page.getByRole("region", { name: /^The life of finance\/Invoice\/INV-2/ })
      for (const text of [
        "finance.invoice-created",
        "finance.payments",
        "operations.tasks",
        "operations.task-created"
      ]) {
        await life.getByRole("link", { name: text, exact: true }).first().waitFor()
      }
      const entities = page.getByRole("list", { name: "Entities, the nearest first" })
      await entities.getByRole("link", { name: "T-INV-2 operations/Task" }).focus()
      await page.keyboard.press("Enter")
      await page.waitForURL(/entity=operations%2FTask%2FT-INV-2/)
      await entities.locator("[aria-current=true][title='operations/Task/T-INV-2']").waitFor()
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.getAttribute("title")))
        .toBe("operations/Task/T-INV-2")
      await page.goBack()
      await page.waitForURL(/entity=finance\/Invoice\/INV-2/)
      assertCalm()
    })
  }

  it("an entity is searched for, refused when it is not written as one, and offered again later", async () => {
    const { url } = await busy("memory")
    const { assertCalm, page } = await visit(`${url}/links`)
    const field = page.getByRole("textbox", { name: "Entity, as module/Type/id" })
    await field.fill("INV-2")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").getByText("An entity is written as its module").waitFor()
    await field.fill("finance/Invoice/INV-2")
    await page.keyboard.press("Enter")
    await page.getByRole("list", { name: "Entities, the nearest first" }).waitFor()
    await page.goto(`${url}/links`)
    const recent = page.getByRole("region", { name: "Looked at in this browser" })
    await recent.getByRole("link", { name: "finance/Invoice/INV-2" }).waitFor()
    assertCalm()
  })

  for (const [name, width] of Object.entries(widths)) {
    it(`on a ${name}, life and links are within the edge, and axe finds nothing serious`, async () => {
      const { url } = await busy("memory")
      for (const rest of ["", "&tab=links", "&tab=links&view=graph", "&tab=links&view=table", "&view=own&tab=links"]) {
        const { assertCalm, page } = await visit(`${url}/links?entity=operations/Task/T-INV-2${rest}`, {
          theme: "dark",
          width
        })
        await page.getByText("cascade").first().waitFor()
        await untilAnswered(page)
        assert.isAtMost(await beyondEdge(page), 0, rest)
        assert.deepStrictEqual(await seriousFindings(page), [], rest)
        assertCalm()
        await page.context().close()
      }
    })
  }
})
