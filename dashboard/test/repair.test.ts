/** From the first sign of a failure to the last delivery that was repaired. */
import type { Page } from "playwright-core"
import { it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication, storeNames } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { goTo, press, rowWith, see } from "./support/steps.ts"

const { visit } = makeBrowser()

type Application = Awaited<ReturnType<typeof startApplication>>

/** The provider does not answer, and so many invoices come. */
const breakPayments = async ({ run, switches }: Application, invoices: number) => {
  switches.isProviderDown = true
  await run(createInvoices(invoices))
  await run(Processor.use((processor) => processor.allSettled()))
}

const toTheError = async (page: Page) => {
  await goTo(page, "Overview")
  await see(page, /New error of finance\.payments: .*the payment provider did not answer/)
  await page.getByRole("link", { name: "See the error", exact: true }).first().click()
  await page.getByRole("heading", { level: 1, name: /the payment provider did not answer for invoice/ }).waitFor()
}

/** Opens the first dead letter; gives the id of its invoice. */
const openOne = async (page: Page) => {
  await rowWith(page, "Invoice/INV-").first().getByRole("link").first().click()
  const heading = page.getByRole("heading", { level: 1, name: /^Invoice\/INV-/ })
  return (await heading.innerText()).replace("Invoice/", "")
}

/** Writes a payload, one field a line, in place of what is there. */
const write = async (page: Page, invoiceId: string, amount: string) => {
  await page.getByRole("textbox", { name: /^Payload, as JSON/ }).click()
  await page.keyboard.press("ControlOrMeta+a")
  await page.keyboard.insertText(`{\n  "invoiceId": "${invoiceId}",\n  "customer": "mended",\n  "amount": ${amount}\n}`)
}

const requeueRest = async (page: Page, count: number, reason: string) => {
  await press(page, `Requeue ${count}`)
  const dialog = page.getByRole("dialog", { name: "Requeue dead letters" })
  await see(dialog, "5 are requeued first, and waited for.")
  await dialog.getByLabel("Reason").fill(reason)
  await press(dialog, `Requeue ${count}`)
  await dialog.waitFor({ state: "detached" })
  return page.getByRole("region", { name: "Operation" })
}

inBrowser("repairing", () => {
  for (const store of storeNames) {
    it(`over ${store}: a failure is seen, understood, edited away in one, and requeued in the others`, async () => {
      const application = await startApplication(store)
      await breakPayments(application, 26)
      const { assertCalm, page } = await visit(application.url)
      await toTheError(page)

      const differs = page.getByRole("region", { name: "What differs" })
      await see(differs, /^\d+ different ones seen$/)
      await see(differs, /^\d+$/)
      application.switches.isProviderDown = false

      const invoiceId = await openOne(page)
      await press(page, "Edit payload")
      await see(page, "Only finance.payments will see this.")
      await write(page, invoiceId, `"much"`)
      await see(page, /^Line 4, column \d+: amount/)
      await write(page, invoiceId, "99")
      await see(page, "Its handler can read it")
      await page.getByLabel("Reason").fill("the amount was a text")
      await press(page, "Requeue with this payload")
      await see(page, "It was requeued, and its handler succeeded.")

      await page.getByRole("link", { name: "All of this error" }).click()
      const operation = await requeueRest(page, 25, "the provider is back")
      await see(operation, "All 25 were requeued and settled.")
      await see(page, "None is left: they were requeued or discarded.")

      await goTo(page, "Audit")
      await rowWith(page, "the amount was a text").getByText("deadLetters.edit").waitFor()
      await rowWith(page, "the provider is back").getByText("operations.requeue").waitFor()
      await goTo(page, "Dead letters")
      await see(page, "Nothing gave up")
      assertCalm()
    })
  }

  it("a canary that fails again ends the operation, which says so; once mended, all go through", async () => {
    const application = await startApplication("PostgreSQL")
    await breakPayments(application, 22)
    const { assertCalm, page } = await visit(application.url)
    await toTheError(page)

    const failed = await requeueRest(page, 22, "perhaps it is back")
    await see(failed, "the first ones failed again")
    await see(failed, "The first 5 all failed again. The other 17 were left as they are.")
    await see(failed, /The cause is still there/)

    application.switches.isProviderDown = false
    const mended = await requeueRest(page, 22, "now it is")
    await see(mended, "All 22 were requeued and settled.")
    await goTo(page, "Operations")
    await rowWith(page, "the first ones failed again").waitFor()
    await rowWith(page, "finished").waitFor()
    assertCalm()
  })
})
