/** What is around every screen: who comes in, a server that goes away, and keys. */
import { Redacted } from "effect"
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { sheetOf, signIn, users } from "./support/users.ts"

const { visit } = makeBrowser()

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute("data-key") ?? document.activeElement?.id)

const away = [/ERR_/, /401/]

inBrowser("the frame", () => {
  it("asks for a token without losing the page, refuses a wrong one, and asks again when the session has ended", async () => {
    const { url } = await startApplication("memory", {
      auth: {
        tokens: [{ token: Redacted.make("token-of-vera-0123"), name: "vera", role: "viewer" }],
        sessionDuration: "6 seconds"
      }
    })
    const { assertCalm, page } = await visit(`${url}/contracts/finance.invoice-created?tab=schema`)
    const sheet = page.getByRole("dialog", { name: "Sign in" })
    const token = sheet.getByLabel("Token")
    await token.fill("token-of-nobody-0123")
    await page.keyboard.press("Enter")
    await sheet.getByText("Nobody knows this token.").waitFor()
    await token.fill("token-of-vera-0123")
    await page.keyboard.press("Enter")
    await page.getByRole("table", { name: "Fields of finance.invoice-created, version 1" }).waitFor()
    assert.include(page.url(), "/contracts/finance.invoice-created?tab=schema")
    await sheet.waitFor()
    assert.strictEqual(await page.getByText("The server does not answer.").count(), 0)
    // The sheet hides it from those who hear the page.
    await page.locator("table[aria-label='Fields of finance.invoice-created, version 1']").waitFor()
    assertCalm(...away)
  })

  it("does not ask again for a token because of an answer that was given before", async () => {
    const { url } = await startApplication("memory", {
      auth: { tokens: [{ token: Redacted.make("token-of-vera-0123"), name: "vera", role: "viewer" }] }
    })
    const held = Promise.withResolvers<void>()
    const told: Array<Promise<void>> = []
    // What the page asks of who is signed in is answered at once, and told when somebody has signed in.
    const { assertCalm, page } = await visit(`${url}/contracts`)
    await page.route("**/api/v1/session", async (route) => {
      if (route.request().method() !== "GET") return route.continue()
      const response = await route.fetch()
      if (response.status() !== 401) return route.fulfill({ response })
      told.push(held.promise.then(() => route.fulfill({ response })).catch(() => undefined))
    })
    await page.reload()
    const sheet = page.getByRole("dialog", { name: "Sign in" })
    await sheet.getByLabel("Token").fill("token-of-vera-0123")
    await page.keyboard.press("Enter")
    await sheet.waitFor({ state: "hidden" })
    held.resolve()
    assert.isAtLeast(told.length, 1)
    await Promise.all(told)
    await page
      .getByRole("table", { name: "Events with their contracts" })
      .or(page.getByText("No contract"))
      .first()
      .waitFor()
    assert.strictEqual(await sheet.count(), 0)
    assertCalm(...away)
  })

  it("leaves the focus to whoever types a token, when what the address opens comes late", async () => {
    const { run, url } = await startApplication("memory", { auth: users })
    const [invoice] = await run(createInvoices(1))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/contracts`)
    const held = Promise.withResolvers<void>()
    await page.route(/\/assets\/Events-[^/]*\.js/, async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto(`${url}/events/${invoice!.id}`)
    const token = sheetOf(page).getByLabel("Token")
    await token.fill("token-of-n")
    held.resolve()
    // The sheet hides it from those who hear the page.
    await page.locator("#main").getByText("Events", { exact: true }).first().waitFor()
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    assert.isTrue(await token.evaluate((input) => document.activeElement === input))
    await signIn(page, "viewer")
    await page.getByRole("dialog", { name: /^finance.invoice-created/ }).waitFor()
    assertCalm(...away)
  })

  it("keeps what is shown when the server goes away, and goes on by itself when it is back", async () => {
    const first = await startApplication("memory")
    await first.run(createInvoices(3))
    await first.run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${first.url}/contracts`)
    const table = page.getByRole("table", { name: "Events with their contracts" })
    await table.waitFor()
    await first.stop()
    await page.getByText("The server does not answer.").waitFor()
    await table.waitFor()
    await page.getByRole("link", { name: "Doctor" }).click()
    await startApplication("memory", { port: first.port })
    await page.getByText(/in \d+ checks\./).waitFor()
    await page.getByText("The server does not answer.").waitFor({ state: "hidden" })
    assertCalm(...away)
  })

  it("is gone through by keys, and what closes gives the focus back", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(`${url}/doctor`)
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await page.getByRole("heading", { level: 1, name: "Contracts" }).waitFor()
    await untilAnswered(page)
    await page.keyboard.press("j")
    const row = await focused(page)
    assert.strictEqual(row, "crm.account-charged")
    await page.keyboard.press("Enter")
    await page.getByRole("dialog", { name: "crm.account-charged" }).waitFor()
    await page.keyboard.press("Escape")
    await page.waitForURL(/\/contracts$/)
    await expect.poll(() => focused(page)).toBe(row)
    await page.keyboard.press("Control+k")
    await page.getByRole("combobox", { name: /^Go to/ }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("combobox", { name: /^Go to/ }).waitFor({ state: "hidden" })
    await expect.poll(() => focused(page)).toBe(row)
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keys" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" })
    await expect.poll(() => focused(page)).toBe(row)
    assertCalm()
  })
})
