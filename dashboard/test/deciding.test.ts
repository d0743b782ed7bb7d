/** What cannot be taken back, or holds for all processes: who may do it, and what is asked before. */
import { Redacted } from "effect"
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { goTo, press, rowWith, see, signInWith } from "./support/steps.ts"

const { visit } = makeBrowser()

const operator = "operator-token-0123456789"
const admin = "admin-token-0123456789"

const tokens = [
  { token: Redacted.make(operator), name: "olga", role: "operator" },
  { token: Redacted.make(admin), name: "ana", role: "admin" }
] as const

inBrowser("deciding", () => {
  it("an operator is told who may discard; an admin types how many, and only then they are gone", async () => {
    const { run, switches, url } = await startApplication("PostgreSQL", { auth: { tokens } })
    switches.isProviderDown = true
    await run(createInvoices(4))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(url)
    await signInWith(page, operator)
    await goTo(page, "Dead letters")
    await page.getByRole("link", { name: /the payment provider did not answer/ }).click()
    const discard = page.getByRole("button", { name: "Discard 4" })
    assert.strictEqual(await discard.getAttribute("aria-disabled"), "true")
    await discard.focus()
    await see(page, "You are signed in as operator; this needs an admin.")

    await press(page, /^olga:/)
    await page.getByRole("menuitem", { name: "Sign out" }).click()
    await signInWith(page, admin)
    await press(page, "Discard 4")
    const dialog = page.getByRole("dialog", { name: "Discard dead letters" })
    const sure = dialog.getByRole("button", { name: "Discard 4" })
    await dialog.getByLabel("Type 4 to confirm").fill("3")
    assert.isTrue(await sure.isDisabled())
    await dialog.getByLabel("Type 4 to confirm").fill("4")
    await dialog.getByLabel("Reason").fill("they were paid by hand")
    await sure.click()
    await see(page, "4 were discarded.")
    await see(page, "None is left: they were requeued or discarded.")
    await goTo(page, "Audit")
    await rowWith(page, "they were paid by hand").getByText("ana").waitFor()
    assertCalm(/401/)
  })

  it("a setting is kept within its bounds, changed, and set back", async () => {
    const { url } = await startApplication("PostgreSQL")
    const { assertCalm, page } = await visit(url)
    await goTo(page, "Settings")
    await press(page, "Change maxAttempts")
    const form = page.getByRole("form", { name: "Change maxAttempts" })
    await form.getByLabel("New value").fill("0")
    await see(form, "It is at least 1.")
    await form.getByLabel("New value").fill("many")
    await see(form, "A whole number is wanted.")
    await form.getByLabel("New value").fill("7")
    await form.getByLabel("Reason").fill("the bank is slow today")
    await press(form, "Store 7")
    await see(page, "maxAttempts is 7 now.")

    await page.getByRole("link", { name: "maxAttempts", exact: true }).click()
    const drawer = page.getByRole("dialog", { name: "maxAttempts" })
    await see(drawer, "stored")
    await press(drawer, "Undo: store nothing")
    await see(page, "maxAttempts is 2 now.")
    await see(drawer, "option of the code")
    await press(drawer, "Undo: 7")
    await see(page, "maxAttempts is 7 now.")
    await goTo(page, "Audit")
    await rowWith(page, "the bank is slow today").getByText("settings.change").waitFor()
    assertCalm()
  })
})
