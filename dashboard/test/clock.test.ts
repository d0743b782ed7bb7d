/** A browser whose clock is wrong: ages, filters and what is new go by the server's. */
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

/** Run in the page. */
const clocks = {
  "an hour ahead": () => {
    const Right = Date
    globalThis.Date = new Proxy(Right, {
      construct: (target, given, made) =>
        Reflect.construct(target, given.length === 0 ? [Right.now() + 3_600_000] : given, made),
      get: (target, key) => (key === "now" ? () => Right.now() + 3_600_000 : Reflect.get(target, key))
    })
  },
  "a day behind": () => {
    const Right = Date
    globalThis.Date = new Proxy(Right, {
      construct: (target, given, made) =>
        Reflect.construct(target, given.length === 0 ? [Right.now() - 86_400_000] : given, made),
      get: (target, key) => (key === "now" ? () => Right.now() - 86_400_000 : Reflect.get(target, key))
    })
  }
}

inBrowser("a browser whose clock is wrong", () => {
  for (const [name, before] of Object.entries(clocks)) {
    it(`${name} finds the last minutes, tells right ages, and sees what is new`, async () => {
      const { run, switches, url } = await startApplication("memory")
      switches.isProviderDown = true
      await run(createInvoices(3))
      await run(Processor.use((processor) => processor.allSettled()))
      const { assertCalm, page } = await visit(`${url}/events?q=name:finance.*%20since:10m`, { before })
      const rows = page.getByRole("table", { name: "Events" }).locator("tbody tr[data-key]")
      await rows.nth(2).getByRole("link").click()
      const drawer = page.getByRole("dialog", { name: /^finance.invoice-created/ })
      await drawer
        .getByText(/^(now|\d+ s ago)$/)
        .first()
        .waitFor()
      await run(createInvoices(2, { from: 4 }))
      await page.getByRole("button", { name: "2 new" }).waitFor()
      await page.goto(`${url}/dead-letters?view=deliveries`)
      const letters = page.getByRole("table", { name: "Dead letters, the last first" })
      await letters.locator("tbody tr").nth(2).waitFor()
      await letters
        .getByText(/^(now|\d+ (s|min) ago)$/)
        .first()
        .waitFor()
      assert.notMatch(await page.locator("#main").innerText(), /\bin \d|-\d+ s/)
      assertCalm()
    })
  }
})
