/** From an error to its repair: what gave up is requeued, a few first, or gets another payload. */
import { Effect } from "effect"
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Consumer, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { beyondEdge, inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices, InvoiceCreated, TaskCreated } from "./support/modules.ts"

const { visit } = makeBrowser()

const allSettled = Processor.use((processor) => processor.allSettled())

/** Payments of 30 invoices gave up, as their provider was down. */
const withDeadPayments = async () => {
  const application = await startApplication("memory")
  application.switches.isProviderDown = true
  await application.run(createInvoices(30))
  await application.run(allSettled)
  return application
}

/** Opens the error of the payments, and requeues all of it with keys alone. */
const requeueAll = async (page: Page) => {
  await page.getByRole("link", { name: /ProviderUnavailable/ }).click()
  await page.getByRole("button", { name: "Requeue 30" }).waitFor()
  await page.keyboard.press("r")
  const dialog = page.getByRole("dialog", { name: "Requeue dead letters" })
  await dialog.getByRole("button", { name: "Requeue 30" }).waitFor()
  assert.isTrue(await dialog.getByRole("radio", { name: "5", exact: true }).isChecked())
  await page.keyboard.press("Enter")
}

inBrowser("dead letters", () => {
  it("are listed by their error, with the hours in which it failed where there is room", async () => {
    const { url } = await withDeadPayments()
    const { assertCalm, page } = await visit(`${url}/dead-letters`)
    const bars = page.getByRole("row", { name: /ProviderUnavailable/ }).getByRole("img")
    const words = () => bars.getAttribute("aria-label")
    await expect.poll(words).toMatch(/^60 failed attempts in 24 hours, at most \d+ in an hour$/)
    assert.strictEqual(await bars.locator("> [title]").count(), 24)
    for (const width of [900, 1440]) {
      await page.setViewportSize({ width, height: 800 })
      await bars.waitFor()
      assert.strictEqual(await beyondEdge(page), 0)
    }
    await page.setViewportSize({ width: 400, height: 800 })
    await bars.waitFor({ state: "hidden" })
    assertCalm()
  })

  it("are seen before they die: an error that is still retried has hollow bars", async () => {
    const archive = Subscriber.make({
      consumer: Consumer.make("finance.archive", { retryBaseDelay: "1 hour" }),
      event: InvoiceCreated,
      handler: () => Effect.fail(new Error("the archive is full"))
    })
    const { run, switches, url } = await startApplication("memory", { subscribers: [archive] })
    switches.isProviderDown = true
    await run(createInvoices(2))
    const { assertCalm, page } = await visit(`${url}/dead-letters`)
    const barsOf = (name: RegExp) => page.getByRole("row", { name }).getByRole("img")
    const fillOf = (name: RegExp) =>
      barsOf(name)
        .locator("> [title] > div")
        .first()
        .evaluate((bar) => getComputedStyle(bar).backgroundColor)
    await barsOf(/ProviderUnavailable/).waitFor()
    await expect
      .poll(() => barsOf(/the archive is full/).getAttribute("aria-label"))
      .toMatch(/hour; nothing gave up yet$/)
    assert.strictEqual(await fillOf(/the archive is full/), "rgba(0, 0, 0, 0)")
    assert.notStrictEqual(await fillOf(/ProviderUnavailable/), "rgba(0, 0, 0, 0)")
    assertCalm()
  })

  it("are requeued by their error once its cause is gone", async () => {
    const { switches, url } = await withDeadPayments()
    const { assertCalm, page } = await visit(`${url}/dead-letters`)
    switches.isProviderDown = false
    await requeueAll(page)
    await page.getByText("All 30 were requeued and settled.").waitFor()
    const resolve = page.getByRole("button", { name: "Mark as resolved" })
    await resolve.click()
    await resolve.waitFor({ state: "detached" })
    assertCalm()
  })

  it("are left alone when the first few fail again", async () => {
    const { url } = await withDeadPayments()
    const { assertCalm, page } = await visit(`${url}/dead-letters`)
    await requeueAll(page)
    await page.getByText("The first 5 all failed again. The other 25 were left as they are.").waitFor()
    assertCalm()
  })

  it("are named where others are parked behind them, with the way there", async () => {
    const { run, url } = await startApplication("memory")
    const task = { taskId: "T-1", customer: "customer-1" }
    await run(Publisher.publish(TaskCreated, { ...task, amount: -1 }))
    await run(allSettled)
    const { id } = await run(Publisher.publish(TaskCreated, { ...task, amount: 1 }))
    const { assertCalm, page } = await visit(`${url}/events/${id}`)
    await page.getByText(/^operations\.task-created .*, which gave up$/).waitFor()
    await page.getByRole("link", { name: "Dead letter", exact: true }).click()
    await page.getByRole("heading", { name: "Task/T-1" }).waitFor()
    assertCalm()
  })

  it("get another payload, whose numbers keep all their digits", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(1, { amount: -1 }))
    await run(allSettled)
    const { assertCalm, page } = await visit(`${url}/dead-letters?view=deliveries`)
    await page.getByRole("link", { name: "Task/T-INV-1" }).click()
    await page.getByRole("button", { name: "Edit payload" }).click()
    const editor = page.getByRole("textbox", { name: /Payload/ })
    const save = page.getByRole("button", { name: "Requeue with this payload" })
    const put = async (payload: string) => {
      await editor.click()
      await page.keyboard.press("ControlOrMeta+a")
      await page.keyboard.insertText(payload)
    }
    await put('{"taskId":"T-INV-1","customer":7,"amount":12345678901234567890}')
    await page.getByText(/^Line 1, column \d+: customer/).waitFor()
    assert.strictEqual(await save.getAttribute("aria-disabled"), "true")
    await put('{"taskId":"T-INV-1","customer":"customer-1","amount":12345678901234567890}')
    await page.getByText("Its handler can read it").waitFor()
    await save.click()
    await page.getByText("It was requeued, and its handler succeeded.").waitFor()
    await page.getByRole("table", { name: "Attempts, the last first" }).getByText("succeeded at").waitFor()
    await page.getByRole("link", { name: "The event and its other deliveries" }).click()
    const eventId = /[^/]+$/.exec(new URL(page.url()).pathname)![0]
    const event = await (await fetch(`${url}/api/v1/events/${eventId}`)).text()
    assert.include(event, "12345678901234567890")
    await page.getByRole("region", { name: "Story" }).getByText("succeeded at +").waitFor()
    assertCalm()
  })
})
