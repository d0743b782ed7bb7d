/** A server that cannot be reached for a while: what is open stays, and all of it goes on when it is back. */
import type { Page, Request } from "playwright-core"
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { startProxy } from "./support/proxies.ts"

const { visit } = makeBrowser()

const settled = Processor.use((processor) => processor.allSettled())

/** An application with dead letters, behind a proxy that can be stopped. */
const reachable = async () => {
  const { leadTo, startAgain, stop, url } = await startProxy("", true)
  const application = await startApplication("memory", { allowedHosts: [new URL(url).host] })
  leadTo(application.port)
  application.switches.isProviderDown = true
  await application.run(createInvoices(3))
  await application.run(settled)
  return { ...application, url, stop, startAgain }
}

const untilAway = async (page: Page) => {
  await page.getByText("The server does not answer.").waitFor()
  await page.getByRole("button", { name: "Live: Reconnecting" }).waitFor()
}

const untilBack = async (page: Page) => {
  await page.getByText("The server does not answer.").waitFor({ state: "hidden" })
  await page.getByRole("button", { name: "Live: Live" }).waitFor()
}

inBrowser("while the server is away", () => {
  it("an event that is open stays, greyed with its list, and what happened meanwhile is there afterwards", async () => {
    const { run, startAgain, stop, switches, url } = await reachable()
    const { assertCalm, page } = await visit(`${url}/events?q=name:finance.*`)
    const rows = page.getByRole("table", { name: "Events" }).locator("tbody tr[data-key]")
    await rows.nth(2).getByRole("link").click()
    const story = page.getByRole("dialog", { name: /^finance.invoice-created/ })
    await story.getByText("finance.payments").first().waitFor()
    const address = page.url()
    await stop()
    await untilAway(page)
    await story.getByText("finance.payments").first().waitFor()
    assert.strictEqual(await rows.count(), 3)
    assert.isBelow(Number(await page.locator("#main").evaluate((main) => getComputedStyle(main).opacity)), 1)
    assert.strictEqual(await page.getByRole("alert").count(), 0)
    switches.isProviderDown = false
    await run(createInvoices(2, { from: 4 }))
    await run(settled)
    await startAgain()
    await untilBack(page)
    await page.getByRole("button", { name: "2 new" }).waitFor()
    assert.strictEqual(page.url(), address)
    assertCalm(/ERR_/)
  })

  it("dead letters stay, that it is away is said once, and what is asked of it is refused in a sentence", async () => {
    const { startAgain, stop, url } = await reachable()
    const { assertCalm, page } = await visit(`${url}/dead-letters?view=deliveries`)
    const rows = page.getByRole("table", { name: "Dead letters, the last first" }).locator("tbody tr")
    await rows.nth(2).waitFor()
    const place = await rows.first().boundingBox()
    await stop()
    await untilAway(page)
    // Asked for, and once more when that was not answered.
    const isList = (request: Request) => /\/dead-letters\?/.test(request.url())
    await page.waitForEvent("requestfailed", isList)
    await page.waitForEvent("requestfailed", isList)
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 3)
    assert.strictEqual(await page.getByRole("alert").count(), 0)
    assert.deepStrictEqual(await rows.first().boundingBox(), place)
    await rows.first().getByRole("link").click()
    await page.getByRole("alert").getByText("The server did not answer.").waitFor()
    await startAgain()
    await untilBack(page)
    await page.getByRole("button", { name: "Requeue" }).waitFor()
    await untilAnswered(page)
    assert.strictEqual(await page.getByRole("alert").count(), 0)
    assertCalm(/ERR_/)
  })
})
