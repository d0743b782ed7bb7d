/** A session that ends while somebody looks: one signs in again, and goes on where one was. */
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { sheetOf, signIn, unsigned, users } from "./support/users.ts"

const { visit } = makeBrowser()

/** Long enough to do something, and short enough to wait for its end. */
const auth = { ...users, sessionDuration: "8 seconds" } as const

const endOfSession = (page: Page) => sheetOf(page).waitFor()

const scrolled = (page: Page) => page.evaluate(() => Math.round(scrollY))

inBrowser("when a session ends", () => {
  it("a filtered list keeps its rows, its place and what is open, and goes on", async () => {
    const { run, url } = await startApplication("memory", { auth })
    await run(createInvoices(100))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/events?q=name:finance.*`)
    await signIn(page, "viewer")
    const rows = page.getByRole("table", { name: "Events" }).locator("tbody tr[data-key]")
    await rows.nth(49).waitFor()
    await page.getByRole("button", { name: "Go on" }).click()
    await page.getByText("100 found").waitFor()
    await rows.nth(80).getByRole("link").click()
    const drawer = page.getByRole("dialog", { name: /^finance.invoice-created/ })
    await drawer.getByRole("tab", { name: "Payload" }).click()
    const [address, place] = [page.url(), await scrolled(page)]
    assert.isAbove(place, 200)
    await endOfSession(page)
    await signIn(page, "viewer")
    await drawer.getByRole("tab", { name: "Payload", selected: true }).waitFor()
    await page.getByText("100 found").waitFor()
    assert.strictEqual(await rows.count(), 100)
    assert.strictEqual(page.url(), address)
    assert.strictEqual(await scrolled(page), place)
    await run(createInvoices(2, { from: 101 }))
    await page.getByRole("button", { name: "2 new" }).waitFor()
    assertCalm(...unsigned)
  })

  it("what was typed into a question is still there, and is sent by whoever signed in", async () => {
    const { run, url } = await startApplication("memory", { auth })
    await run(createInvoices(1))
    const { assertCalm, page } = await visit(`${url}/consumers/crm.letters`)
    await signIn(page, "operator")
    await page.getByRole("button", { name: "Pause", exact: true }).click()
    await page.getByLabel("Reason").fill("the printer burns")
    await endOfSession(page)
    await signIn(page, "admin")
    await expect
      .poll(() => page.evaluate(() => (document.activeElement as HTMLInputElement).value))
      .toBe("the printer burns")
    await page.getByRole("button", { name: "Pause crm.letters" }).click()
    await page.getByText("“the printer burns”").waitFor()
    const states = await run(Processor.use((processor) => processor.consumers))
    assert.isNotNull(states.find(({ consumer }) => consumer === "crm.letters")?.pausedAt ?? null)
    await page.goto(`${url}/audit?target=crm.letters`)
    await page.getByRole("table", { name: "Entries of the audit, the last first" }).getByText("ada").waitFor()
    assertCalm(...unsigned)
  })

  it("of one's own will, nothing of what was shown is left under the sheet", async () => {
    const { run, url } = await startApplication("memory", { auth: users })
    await run(createInvoices(3))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/events`)
    await signIn(page, "admin")
    await page.getByText("finance/Invoice/INV-3").first().waitFor()
    await page.getByRole("button", { name: /^ada: who you are/ }).click()
    await page.getByRole("menuitem", { name: "Sign out" }).click()
    await endOfSession(page)
    await page.waitForFunction(() => !document.body.textContent.includes("INV-3"))
    await signIn(page, "viewer")
    await page.getByText("finance/Invoice/INV-3").first().waitFor()
    assertCalm(...unsigned)
  })
})
