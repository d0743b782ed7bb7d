/** Every screen, in both themes and three widths, over each store: nothing is complained of, nothing goes beyond the edge, axe finds nothing serious. */
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { seriousFindings } from "./support/accessible.ts"
import { startApplication, storeNames } from "./support/application.ts"
import { beyondEdge, inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { widths } from "./support/chromium.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

const screens = [
  ["/", "Overview"],
  ["/map", "Map"],
  ["/events", "Events"],
  ["/dead-letters", "Dead letters"],
  ["/operations", "Operations"],
  ["/consumers", "Consumers"],
  ["/links", "Links"],
  ["/contracts", "Contracts"],
  ["/processes", "Processes"],
  ["/settings", "Settings"],
  ["/audit", "Audit"],
  ["/doctor", "Doctor"]
] as const

/** With something of everything in it. */
const busy = async (store: (typeof storeNames)[number]) => {
  const application = await startApplication(store)
  application.switches.isProviderDown = true
  await application.run(createInvoices(30))
  await application.run(createInvoices(2, { amount: -1, from: 100 }))
  await application.run(Processor.use((processor) => processor.allSettled()))
  return application
}

inBrowser("each screen", () => {
  for (const store of storeNames) {
    it(`over ${store}, with something to see`, async () => {
      const { url } = await busy(store)
      const { assertCalm, page } = await visit(url)
      for (const [path, title] of screens) {
        await page.goto(`${url}${path}`)
        await page.getByRole("heading", { level: 1, name: title }).waitFor()
        await untilAnswered(page)
        assert.strictEqual(await page.getByRole("alert").count(), 0, path)
        assertCalm()
      }
    })
  }

  it("over memory, with nothing in it", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(url)
    for (const [path, title] of screens) {
      await page.goto(`${url}${path}`)
      await page.getByRole("heading", { level: 1, name: title }).waitFor()
      await untilAnswered(page)
      assertCalm()
    }
  })

  for (const theme of ["light", "dark"] as const) {
    for (const [name, width] of Object.entries(widths)) {
      it(`${theme}, on a ${name}: within the edge, and nothing serious by axe`, async () => {
        const { url } = await busy("memory")
        const { assertCalm, page } = await visit(url, { theme, width })
        for (const [path, title] of screens) {
          await page.goto(`${url}${path}`)
          await page.getByRole("heading", { level: 1, name: title }).waitFor()
          await untilAnswered(page)
          assert.isAtMost(await beyondEdge(page), 0, path)
          assert.deepStrictEqual(await seriousFindings(page), [], path)
          assertCalm()
        }
      })
    }
  }
})
