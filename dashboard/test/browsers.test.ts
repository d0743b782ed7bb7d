/** Browsers that have less: that keep nothing, and those that take the page as one that came over an open network. */
import { assert, it } from "vitest"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

/** As where its owner has blocked what pages keep. */
const keepsNothing = () => {
  Object.defineProperty(globalThis, "localStorage", {
    get: () => {
      throw new DOMException("denied", "SecurityError")
    }
  })
}

/** As over plain HTTP from another machine; what is copied is put where a test finds it. */
const isInsecure = () => {
  Object.defineProperty(globalThis, "isSecureContext", { value: false })
  Object.defineProperty(navigator, "clipboard", { value: undefined })
  globalThis.addEventListener("copy", (event) => {
    document.documentElement.dataset.copied = (event as ClipboardEvent).clipboardData?.getData("text/plain")
  })
}

inBrowser("a browser", () => {
  it("that keeps nothing shows the page, and choices last as long as the page does", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(`${url}/links?entity=a%2Fb%2Fc`, { before: keepsNothing })
    await page.getByRole("heading", { level: 1, name: "Links" }).waitFor()
    await page.getByRole("button", { name: /who you are, and how the page looks/ }).click()
    await page.getByRole("menuitemradio", { name: "Dark" }).click()
    assert.strictEqual(await page.evaluate(() => document.documentElement.dataset.theme), "dark")
    assertCalm()
  })

  it("that got the page over plain HTTP copies all the same", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(1))
    const { found } = (await (await fetch(`${url}/api/v1/events`)).json()) as { found: ReadonlyArray<{ id: string }> }
    const { assertCalm, page } = await visit(`${url}/events/${found[0]?.id}?tab=raw`, { before: isInsecure })
    await page.getByRole("button", { name: "Copy as psql" }).click()
    await page.getByText("The queries are in the clipboard.").waitFor()
    assert.include(await page.evaluate(() => document.documentElement.dataset.copied ?? ""), "FROM outbox_event")
    assertCalm()
  })
})
