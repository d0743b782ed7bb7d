/** Two people, or two windows, at the same thing: nothing is done twice, and what somebody typed is not lost. */
import type { Page } from "playwright-core"
import { assert, expect, it } from "vitest"
import { Operations, Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { press, see } from "./support/steps.ts"

const { visit } = makeBrowser()

const allSettled = Processor.use((processor) => processor.allSettled())

const editor = (page: Page) => page.getByRole("textbox", { name: /^Payload, as JSON/ })

const payloadOf = (customer: string, amount: number) =>
  `{"taskId":"T-INV-1","customer":"${customer}","amount":${amount}}`

const write = async (page: Page, payload: string) => {
  await editor(page).click()
  await page.keyboard.press("ControlOrMeta+a")
  await page.keyboard.insertText(payload)
  await see(page, "Its handler can read it")
}

/** One task was given up; two windows have begun to edit its payload, the second has typed something. */
const twoEditors = async () => {
  const application = await startApplication("memory")
  await application.run(createInvoices(1, { amount: -1 }))
  await application.run(allSettled)
  const first = await visit(`${application.url}/dead-letters?view=deliveries`)
  await first.page.getByRole("link", { name: "Task/T-INV-1" }).click()
  await press(first.page, "Edit payload")
  await editor(first.page).waitFor()
  const second = await visit(first.page.url())
  await write(second.page, payloadOf("second", 5))
  await second.page.getByLabel("Reason").fill("because of the second")
  return { ...application, first, second }
}

const save = "Requeue with this payload"

inBrowser("two windows that edit one dead letter", () => {
  it("the second is told that it is mended already, and keeps what was typed", async () => {
    const { first, second } = await twoEditors()
    await write(first.page, payloadOf("first", 7))
    await press(first.page, save)
    await see(first.page, "It was requeued, and its handler succeeded.")
    await see(second.page, "It was requeued, and its handler succeeded.")
    await see(second.page, /^This is no dead letter any more: somebody/)
    await expect.poll(() => editor(second.page).innerText()).toContain('"second"')
    assert.strictEqual(await second.page.getByLabel("Reason").inputValue(), "because of the second")
    assert.strictEqual(await second.page.getByRole("button", { name: save }).getAttribute("aria-disabled"), "true")
    await press(second.page, "Leave")
    await editor(second.page).waitFor({ state: "detached" })
    second.assertCalm(/404/)
  })

  it("the second is told that it gave up again, sees what is there now, and goes on with what was typed", async () => {
    const { first, run, second } = await twoEditors()
    await write(first.page, payloadOf("first", -7))
    await press(first.page, save)
    await run(allSettled)
    await see(second.page, /^This dead letter is not as you saw it/)
    await expect.poll(() => editor(second.page).innerText()).toContain('"second"')
    await press(second.page, "Show what is there now")
    await second.page
      .getByRole("region", { name: "What is there now, and what you typed" })
      .getByText('"first"')
      .waitFor()
    await press(second.page, "Go on with what I typed")
    await see(second.page, "Its handler can read it")
    assert.strictEqual(await second.page.getByLabel("Reason").inputValue(), "because of the second")
    await press(second.page, save)
    await see(second.page, "It was requeued, and its handler succeeded.")
    second.assertCalm(/404/, /409/)
  })
})

/** Payments of thirty invoices gave up. */
const withDeadPayments = async () => {
  const application = await startApplication("memory")
  application.switches.isProviderDown = true
  await application.run(createInvoices(30))
  await application.run(allSettled)
  application.switches.isProviderDown = false
  return application
}

const openWork = async (page: Page) => {
  await page.getByRole("link", { name: /ProviderUnavailable/ }).click()
  await press(page, "Requeue 30")
  const dialog = page.getByRole("dialog", { name: "Requeue dead letters" })
  await dialog.getByRole("button", { name: "Requeue 30" }).waitFor()
  return dialog
}

const begun = Operations.use((operations) => operations.list())

inBrowser("an error that is requeued twice", () => {
  it("by two windows: each delivery is requeued once, and the second is told that nothing was left", async () => {
    const { run, url } = await withDeadPayments()
    const [first, second] = [await visit(`${url}/dead-letters`), await visit(`${url}/dead-letters`)]
    const late = await openWork(second.page)
    await press(await openWork(first.page), "Requeue 30")
    await see(first.page, "All 30 were requeued and settled.")
    await press(late, "Requeue 30")
    await see(second.page, "Nothing was left to requeue: somebody was faster")
    const { operations } = await run(begun)
    assert.deepStrictEqual(operations.map(({ done }) => done).toSorted(), [0, 30])
    second.assertCalm()
  })

  it("and stopped by somebody else while one is asked whether to stop it, says that it has ended", async () => {
    const { run, url } = await withDeadPayments()
    const asked = { kind: "requeue", filter: { consumer: "finance.payments" }, pace: 1 } as const
    const { id } = await run(Operations.use((operations) => operations.start(asked)))
    const { assertCalm, page } = await visit(`${url}/operations/${id}`)
    await press(page.getByRole("dialog", { name: /^Requeue/ }), "Stop")
    await page.getByLabel("Reason").fill("too early")
    await run(Operations.use((operations) => operations.stop(id)))
    const ended = page.getByRole("dialog", { name: "It has ended meanwhile" })
    await see(ended, /^There is nothing left to stop\. Stopped/)
    await page.keyboard.press("Escape")
    await ended.waitFor({ state: "detached" })
    assertCalm()
  })

  it("by two presses of a key, or of the button, is begun once", async () => {
    const { run, url } = await withDeadPayments()
    const { assertCalm, page } = await visit(`${url}/dead-letters`)
    const dialog = await openWork(page)
    await dialog.getByRole("button", { name: "Requeue 30" }).evaluate((button: HTMLButtonElement) => {
      button.click()
      button.click()
      button.form?.requestSubmit()
    })
    await see(page, "All 30 were requeued and settled.")
    const { operations } = await run(begun)
    assert.lengthOf(operations, 1)
    assertCalm()
  })
})
