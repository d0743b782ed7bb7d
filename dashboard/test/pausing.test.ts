/** Consumers that somebody stops for a while, or for good. */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { goTo, press, rowWith, see } from "./support/steps.ts"

const { visit } = makeBrowser()

const pauseLetters = async (page: Page, reason: string) => {
  await goTo(page, "Consumers")
  await page.getByRole("link", { name: "crm.letters", exact: true }).click()
  await press(page, "Pause")
  const dialog = page.getByRole("dialog", { name: "Pause crm.letters" })
  await dialog.getByLabel("Reason").fill(reason)
  await press(dialog, "Pause crm.letters")
  await see(page, "crm.letters is paused.")
}

/** Waits until accounts have been charged, so that letters are due. */
const chargeThree = async ({ run }: Awaited<ReturnType<typeof startApplication>>) => {
  await run(createInvoices(3))
  await run(Processor.use((processor) => processor.allSettled(["operations.tasks", "crm.accounts"])))
}

inBrowser("pausing", () => {
  it("what is paused gets nothing, everybody sees why, and it gets all when it goes on", async () => {
    const application = await startApplication("PostgreSQL")
    const { assertCalm, page } = await visit(application.url)
    await pauseLetters(page, "the printer is out of ink")
    await see(page, "the printer is out of ink")
    await chargeThree(application)

    await goTo(page, "Overview")
    await see(page, /Consumer crm\.letters is paused since .*: the printer is out of ink\./)
    await goTo(page, "Consumers")
    const row = rowWith(page, "crm.letters")
    await see(row, "paused")
    await row.getByRole("cell", { name: /^3/ }).first().waitFor()
    assert.deepStrictEqual(application.switches.letters, [])

    await row.getByRole("link", { name: "crm.letters", exact: true }).click()
    await press(page, "Resume")
    await see(page, "crm.letters goes on.")
    await see(page, /Serving in 1 process/)
    await application.run(Processor.use((processor) => processor.allSettled()))
    assert.lengthOf(application.switches.letters, 3)
    assertCalm()
  })

  it("whoever retires a consumer sees first what is open for it", async () => {
    const application = await startApplication("PostgreSQL")
    const { assertCalm, page } = await visit(application.url)
    await pauseLetters(page, "letters are sent by somebody else from now on")
    await chargeThree(application)
    await press(page, "Retire")
    const dialog = page.getByRole("dialog", { name: "Retire crm.letters" })
    const retire = dialog.getByRole("button", { name: "Retire crm.letters" })
    assert.strictEqual(await retire.getAttribute("aria-disabled"), "true")
    await dialog.getByLabel("Type crm.letters").fill("crm.letters")
    await dialog.getByLabel(/Although a process serves it/).check()
    await retire.click()
    await see(dialog, "Nothing was ended:")
    await see(dialog, /3 deliveries are open\./)
    assert.strictEqual(await dialog.getByRole("listitem").filter({ hasText: "crm.account-charged" }).count(), 3)
    await press(dialog, "Skip 3 and retire")
    await see(page, "crm.letters is retired: 1 subscription ended, 3 deliveries skipped.")
    await page.getByRole("heading", { level: 1, name: "Consumers" }).waitFor()
    assert.deepStrictEqual(application.switches.letters, [])
    assertCalm()
  })
})
