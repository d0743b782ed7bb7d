/** What came of an invoice, across three modules. */
import { it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { press, see } from "./support/steps.ts"

const { visit } = makeBrowser()

inBrowser("following", () => {
  for (const store of ["memory", "PostgreSQL"] as const) {
    it(`over ${store}: from an invoice to the account that was charged, and to the task that it is linked with`, async () => {
      const { run, url } = await startApplication(store)
      await run(createInvoices(3))
      await run(Processor.use((processor) => processor.allSettled()))
      const { assertCalm, page } = await visit(url)

      await press(page, "Search, or go anywhere")
      await page.getByRole("combobox", { name: /Go to a screen/ }).fill("finance/Invoice/INV-2")
      await page.getByRole("option", { name: /The life of finance\/Invoice\/INV-2/ }).click()
      await see(page, "The life of finance/Invoice/INV-2 across modules")
      await page.getByRole("link", { name: "operations.tasks", exact: true }).waitFor()
      await see(page, "linked, cascade:")

      await page.getByRole("link", { name: "finance.invoice-created", exact: true }).first().click()
      await page.getByRole("tab", { name: "Lineage" }).click()
      const tree = page.getByRole("region", { name: "Lineage" })
      await see(tree, /^3 events/)
      const task = tree.getByRole("listitem").filter({ hasText: "operations/Task/T-INV-2" }).last()
      await task.getByRole("listitem").filter({ hasText: "crm.accounts" }).first().waitFor()
      const account = task.getByRole("listitem").filter({ hasText: "crm/Account/customer-2" }).last()
      await account.getByRole("listitem").filter({ hasText: "crm.letters" }).first().waitFor()
      await see(tree, "→ operations/Task/T-INV-2 (cascade)")

      await page.getByRole("tab", { name: "Links" }).click()
      await page.getByRole("link", { name: "Graph and life of finance/Invoice/INV-2" }).click()
      await see(page, "2 entities, 1 link within one hop.")
      const graph = page.getByRole("list", { name: "Entities, the nearest first" })
      await graph.getByRole("link", { name: "T-INV-2 operations/Task" }).click()
      await see(page, "The life of operations/Task/T-INV-2 across modules")
      await graph.getByRole("link", { name: "INV-2 finance/Invoice" }).waitFor()
      assertCalm()
    })
  }
})
