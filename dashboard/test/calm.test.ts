/** Nothing moves under the pointer, nothing is asked for while the page is paused, and what is shown survives a reload. */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"

const { visit } = makeBrowser()

/** Asked again at least so often while the page is live, in milliseconds. */
const slowest = 10_000

const settled = Processor.use((processor) => processor.allSettled())

const rowsOf = (page: Page) => page.getByRole("table", { name: "Events" }).locator("tbody tr[data-key]")

/** Keys of rows with where each is on the screen. */
const places = (page: Page) =>
  rowsOf(page).evaluateAll((rows) => rows.map((row) => [row.getAttribute("data-key"), row.getBoundingClientRect().top]))

/** The next answer to what the list asks. */
const nextPoll = (page: Page) => page.waitForResponse((response) => /\/events\?/.test(response.url()))

inBrowser("the list of events", () => {
  it("keeps its rows where they are while the pointer is on it, says how many are new, and shows them when asked", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(5))
    await run(settled)
    const { assertCalm, page } = await visit(`${url}/events?q=name:finance.*`)
    await rowsOf(page).nth(4).waitFor()
    await rowsOf(page).nth(1).hover()
    const before = await places(page)
    await run(createInvoices(3, { from: 6 }))
    await run(settled)
    const news = page.getByRole("button", { name: "3 new" })
    await news.waitFor()
    assert.deepStrictEqual(await places(page), before)
    await news.click()
    await page.getByText("finance/Invoice/INV-8").waitFor()
    assert.strictEqual(await rowsOf(page).count(), 8)
    // The pointer has left the list: what is new comes by itself.
    await run(createInvoices(1, { from: 9 }))
    await page.getByText("finance/Invoice/INV-9").waitFor()
    assertCalm()
  })

  it("and all else asks for nothing while the page is paused, and catches up when it goes on", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(2))
    await run(settled)
    const { assertCalm, page } = await visit(`${url}/events`)
    await page.clock.install()
    await rowsOf(page).first().waitFor()
    await nextPoll(page)
    await page.keyboard.press(".")
    await page.getByRole("button", { name: "Live: Paused" }).waitFor()
    await untilAnswered(page)
    const asked: Array<string> = []
    page.on("request", (request) => {
      if (request.url().includes("/api/")) asked.push(request.url())
    })
    await run(createInvoices(1, { from: 3 }))
    await page.clock.runFor(3 * slowest)
    assert.deepStrictEqual(asked, [])
    await page.keyboard.press(".")
    await page.clock.runFor(slowest)
    await page.getByText("finance/Invoice/INV-3").first().waitFor()
    assert.include(asked.join(" "), "/api/v1/live")
    assertCalm()
  })
})

inBrowser("a reload", () => {
  it("keeps filters, the tab, the span of time, what is selected, and what is open", async () => {
    const { run, switches, url } = await startApplication("memory")
    switches.isProviderDown = true
    await run(createInvoices(3))
    await run(settled)
    const { assertCalm, page } = await visit(`${url}/events`)
    const filter = page.locator("#main").getByRole("combobox")
    await filter.fill("name:finance.* status:dead_letter")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await page.getByLabel("Span of time").selectOption("6h")
    await rowsOf(page).nth(1).getByRole("link").click()
    await page.getByRole("tab", { name: "Payload" }).click()
    const reloaded = async () => {
      const address = page.url()
      await page.reload()
      await untilAnswered(page)
      assert.strictEqual(page.url(), address)
    }
    await reloaded()
    await page.getByRole("tab", { name: "Payload", selected: true }).waitFor()
    assert.strictEqual(await rowsOf(page).nth(1).getAttribute("aria-current"), "true")
    for (const word of ["name:finance.*", "status:dead_letter"]) {
      await page.getByRole("button", { name: `Change ${word}`, exact: true }).waitFor()
    }
    assert.strictEqual(await page.getByLabel("Span of time").inputValue(), "6h")
    await page.goto(`${url}/dead-letters?view=deliveries`)
    const letters = page.getByRole("table", { name: /^Dead letters/ }).locator("tbody tr")
    await letters.nth(1).getByRole("checkbox").check()
    await page.getByLabel("When they gave up").selectOption({ index: 1 })
    await reloaded()
    await page.getByRole("button", { name: "Requeue 1 selected" }).waitFor()
    assert.isTrue(await letters.nth(1).getByRole("checkbox").isChecked())
    assertCalm()
  })
})
