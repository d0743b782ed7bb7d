/** A slow network: what comes late takes neither the focus nor what was typed, and a key does what was seen when it was pressed. */
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { press, see } from "./support/steps.ts"

const { visit } = makeBrowser()

const allSettled = Processor.use((processor) => processor.allSettled())

/** Holds what is asked for, until it is let go. */
const hold = async (page: Page, address: RegExp, method = "GET") => {
  const held = Promise.withResolvers<void>()
  await page.route(address, async (route) => {
    if (route.request().method() === method) await held.promise
    await route.continue()
  })
  return held.resolve
}

const nextFrame = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))

/** Payments of so many invoices gave up; somebody is at their error. */
const atError = async (count: number) => {
  const application = await startApplication("memory")
  application.switches.isProviderDown = true
  await application.run(createInvoices(count))
  await application.run(allSettled)
  const visited = await visit(`${application.url}/dead-letters`)
  await visited.page.getByRole("link", { name: /ProviderUnavailable/ }).click()
  await visited.page.getByRole("button", { name: `Requeue ${count}` }).waitFor()
  return { ...application, ...visited }
}

inBrowser("what comes late", () => {
  it("an editor leaves the focus to whoever types a reason meanwhile", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(1, { amount: -1 }))
    await run(allSettled)
    const { assertCalm, page } = await visit(`${url}/dead-letters?view=deliveries`)
    await page.getByRole("link", { name: "Task/T-INV-1" }).click()
    const letGo = await hold(page, /\/assets\/Editor-[^/]*\.js/)
    await press(page, "Edit payload")
    const reason = page.getByLabel("Reason")
    await reason.click()
    await page.keyboard.type("mended ")
    letGo()
    const editor = page.getByRole("textbox", { name: /^Payload, as JSON/ })
    await editor.waitFor()
    await page.keyboard.type("by hand")
    assert.strictEqual(await reason.inputValue(), "mended by hand")
    await press(page, "Cancel")
    await press(page, "Edit payload")
    await editor.waitFor()
    await expect.poll(() => editor.evaluate((element) => document.activeElement === element)).toBe(true)
    assertCalm()
  })

  it("a note that could not be stored is still there, and is stored when it is sent again", async () => {
    const { assertCalm, page } = await atError(1)
    const problem = { title: "Service Unavailable", detail: "The database is away." }
    await page.route(/\/error-groups\//, (route) =>
      route.request().method() === "PATCH" ? route.fulfill({ status: 503, json: problem }) : route.continue()
    )
    await press(page, "Add a note")
    const dialog = page.getByRole("dialog", { name: "Note on this error" })
    await dialog.getByLabel("Note").fill("ticket 42")
    await press(dialog, "Save")
    await see(dialog, "The database is away.")
    assert.strictEqual(await dialog.getByLabel("Note").inputValue(), "ticket 42")
    await page.unrouteAll()
    await press(dialog, "Save")
    await dialog.waitFor({ state: "detached" })
    await see(page, "ticket 42")
    assertCalm(/503/)
  })

  it("what was counted for a question stays, when the page is asked for anew below it", async () => {
    const { assertCalm, page, run } = await atError(3)
    const letGo = await hold(page, /\/error-groups\//, "PATCH")
    await press(page, "Mark as")
    await page.getByRole("menuitem", { name: /^Known/ }).click()
    await press(page, "Requeue 3")
    const dialog = page.getByRole("dialog", { name: "Requeue dead letters" })
    await dialog.getByRole("button", { name: "Requeue 3" }).waitFor()
    await run(createInvoices(2, { from: 4 }))
    await run(allSettled)
    letGo()
    // Below the question, for whom it hides from those who hear the page.
    await page.locator("#main").getByText("Requeue 5", { exact: true }).waitFor()
    await page.locator("#main").getByText("Changed by").waitFor()
    await nextFrame(page)
    await dialog.getByLabel("Reason").press("Enter")
    await see(page, "The requeue of 3 has begun.")
    assertCalm()
  })

  it("a key that was pressed twice for the list of what is open skips nothing of it", async () => {
    const { run, url } = await startApplication("memory")
    await run(Processor.use((processor) => processor.pause("crm.letters")))
    await run(createInvoices(3))
    await run(Processor.use((processor) => processor.allSettled(["operations.tasks", "crm.accounts"])))
    const { assertCalm, page } = await visit(`${url}/consumers/crm.letters`)
    await press(page, "Retire")
    const dialog = page.getByRole("dialog", { name: "Retire crm.letters" })
    await dialog.getByLabel(/Although a process serves it/).check()
    await dialog.getByLabel("Type crm.letters").fill("crm.letters")
    await page.keyboard.press("Enter")
    await see(dialog, "Nothing was ended:")
    const asked: Array<string> = []
    page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`))
    await page.keyboard.press("Enter")
    await nextFrame(page)
    assert.deepStrictEqual(
      asked.filter((each) => each.startsWith("POST")),
      []
    )
    await press(dialog, "Skip 3 and retire")
    await see(page, "crm.letters is retired: 1 subscription ended, 3 deliveries skipped.")
    assertCalm()
  })
})
