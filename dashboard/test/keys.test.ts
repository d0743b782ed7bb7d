/** Without a mouse: from what is wrong to its repair, and anywhere else, with the focus always seen. */
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

/** What has the focus, and whether that is seen: by an outline, or by the look of a field or a row. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return {
      name: element.getAttribute("aria-label") ?? element.innerText.split("\n")[0] ?? "",
      isSeen: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2
    }
  })

/** Presses Tab until something has the focus; everything on the way has to be seen. */
const tabTo = async (page: Page, name: RegExp) => {
  for (let count = 0; count < 80; count++) {
    await page.keyboard.press("Tab")
    const at = await focused(page)
    assert.isTrue(at.isSeen, `the focus is not seen on ${at.name}`)
    if (name.test(at.name)) return
  }
  assert.fail(`Tab does not lead to ${name}`)
}

const sendKeys = async (page: Page, ...keys: ReadonlyArray<string>) => {
  for (const key of keys) await page.keyboard.press(key)
}

inBrowser("with keys only", () => {
  it("somebody goes from the overview to dead letters, selects two, and requeues them", async () => {
    const { run, switches, url } = await startApplication("memory")
    switches.isProviderDown = true
    await run(createInvoices(3))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(url)
    await untilAnswered(page)
    await tabTo(page, /^See what gave up$/)
    await page.keyboard.press("Enter")
    await page.waitForURL(/dead-letters\?consumer=finance\.payments/)
    await page.getByRole("table", { name: /^Errors/ }).waitFor()
    await sendKeys(page, "j")
    assert.isTrue((await focused(page)).isSeen)
    await page.keyboard.press("Enter")
    const letters = page.getByRole("table", { name: /^Dead letters/ }).locator("tbody tr")
    await letters.nth(2).waitFor()
    await sendKeys(page, "j", "x", "j", "x")
    await page.getByRole("button", { name: "Requeue 2 selected" }).waitFor()
    await page.keyboard.press("r")
    const dialog = page.getByRole("dialog", { name: "Requeue dead letters" })
    await dialog.getByRole("button", { name: "Requeue 2" }).waitFor()
    await page.keyboard.press("Escape")
    await dialog.waitFor({ state: "hidden" })
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-key")))
      .toBe(await letters.nth(1).getAttribute("data-key"))
    switches.isProviderDown = false
    await page.keyboard.press("r")
    await dialog.getByRole("button", { name: "Requeue 2" }).waitFor()
    await page.keyboard.type("the provider is back")
    await page.keyboard.press("Enter")
    await page.getByText("The requeue of 2 has begun.").waitFor()
    await letters.nth(1).waitFor({ state: "detached" })
    assert.strictEqual(await letters.count(), 1)
    assertCalm()
  })

  it("a key means nothing else while a question or a menu is open", async () => {
    const { run, switches, url } = await startApplication("memory")
    switches.isProviderDown = true
    await run(createInvoices(2))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/dead-letters`)
    await page
      .getByRole("table", { name: /^Errors/ })
      .getByRole("link")
      .first()
      .click()
    await page.getByRole("button", { name: "Mark as" }).press("Enter")
    await page.getByRole("menuitem", { name: /^Resolved/ }).waitFor()
    await page.keyboard.press("r")
    await page.waitForFunction(() => document.activeElement?.textContent?.startsWith("Resolved"))
    assert.strictEqual(await page.getByRole("dialog").count(), 0)
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    const dialog = page.getByRole("dialog", { name: "Requeue dead letters" })
    await dialog.getByRole("button", { name: "Cancel" }).focus()
    await sendKeys(page, ".", "?", "/", "g", "o")
    await dialog.getByRole("button", { name: "Cancel" }).press("Enter")
    await dialog.waitFor({ state: "hidden" })
    await page.getByRole("button", { name: "Live: Live" }).waitFor()
    await page.getByRole("heading", { level: 1, name: /^ProviderUnavailable/ }).waitFor()
    assert.strictEqual(await page.getByRole("dialog").count(), 0)
    assertCalm()
  })

  it("a pasted id leads to its event, and the list of keys to where one was", async () => {
    const { run, url } = await startApplication("memory")
    const [event] = await run(createInvoices(1))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/settings`)
    await untilAnswered(page)
    await tabTo(page, /^Change retryMaxDelayMs$/)
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keys" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" })
    await expect.poll(() => focused(page)).toEqual({ name: "Change retryMaxDelayMs", isSeen: true })
    await page.keyboard.press("/")
    await page.getByRole("combobox", { name: /^Go to/ }).waitFor()
    await page.keyboard.insertText(` ${event!.id.toUpperCase()} `)
    await page.getByRole("option", { name: new RegExp(`^Event ${event!.id}`, "i") }).waitFor()
    await page.keyboard.press("Enter")
    const drawer = page.getByRole("dialog", { name: /^finance.invoice-created/ })
    await drawer.getByText("finance/Invoice/INV-1").first().waitFor()
    assert.include(page.url(), `/events/${event!.id}`)
    await tabTo(page, /^Payload$|^Story$/)
    await page.keyboard.press("Escape")
    await drawer.waitFor({ state: "hidden" })
    await sendKeys(page, "g", "o")
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor()
    assertCalm()
  })
})
