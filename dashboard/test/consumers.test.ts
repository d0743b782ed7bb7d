/** What operators do to consumers and settings on the dashboard, and what is written down of it. */
import { Effect } from "effect"
import { assert, it } from "vitest"
import { Processor, SettingStore, Settings, Transactor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { see } from "./support/steps.ts"

const { visit } = makeBrowser()

const pausedAt = (consumer: string) =>
  Effect.map(
    Processor.use((processor) => processor.consumers),
    (states) => states.find((state) => state.consumer === consumer)?.pausedAt ?? null
  )

inBrowser("consumers", () => {
  it("the worst is the first, and leads to its dead letters", async () => {
    const { run, switches, url } = await startApplication("memory")
    switches.isProviderDown = true
    await run(createInvoices(5))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/consumers`)
    const rows = page.getByRole("table", { name: "Consumers, the worst first" }).locator("tbody tr")
    await rows.nth(3).waitFor()
    assert.match((await rows.first().textContent()) ?? "", /finance\.payments/)
    await rows.first().getByTitle("5 dead letters of finance.payments").click()
    await page.waitForURL(/dead-letters\?consumer=finance\.payments/)
    assertCalm()
  })

  it("one is further and further behind, which the overview says", async () => {
    const { run, url } = await startApplication("PGlite")
    await run(SettingStore.use((settings) => settings.set("core.integration.outbox.processor.enabled", false)))
    await run(Settings.use((settings) => settings.refresh))
    await run(createInvoices(1))
    const query = (text: string) => run(Transactor.use((transactor) => transactor.query(text, [])))
    const waiting = await query(
      "UPDATE inbox_event SET available_at = now() - interval '4 minutes' WHERE status = 'received' AND consumer_name = 'finance.payments' RETURNING 1"
    )
    assert.lengthOf(waiting, 1)
    await query(
      `INSERT INTO integration_gauge (at, consumer_name, counted_at, open, retrying, parked, gave_up, oldest_at, is_exact)
      SELECT date_trunc('minute', at), 'finance.payments', at, 1, 0, 0, 0, at - (4 - n) * interval '50 seconds', true
      FROM generate_series(2, 4) AS g (n) CROSS JOIN LATERAL (SELECT now() - n * interval '1 minute' AS at) AS t`
    )
    const { assertCalm, page } = await visit(url)
    await see(page, "Consumer finance.payments is 4 min behind and rising.")
    assertCalm()
  })

  it("one is paused with a reason, which all see, and resumed", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(1))
    const { assertCalm, page } = await visit(`${url}/consumers/crm.letters`)
    await page.getByRole("button", { name: "Pause", exact: true }).click()
    await page.getByLabel("Reason").fill("the printer burns")
    await page.getByRole("button", { name: "Pause crm.letters" }).click()
    await page.getByText("“the printer burns”").waitFor()
    assert.isNotNull(await run(pausedAt("crm.letters")))
    await page.getByRole("button", { name: "Resume" }).click()
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor()
    assert.isNull(await run(pausedAt("crm.letters")))
    await page.goto(`${url}/audit?target=crm.letters`)
    const entries = page.getByRole("table", { name: "Entries of the audit, the last first" }).locator("tbody tr")
    await entries.nth(1).waitFor()
    assert.match((await entries.first().textContent()) ?? "", /consumers\.resume/)
    assert.match((await entries.nth(1).textContent()) ?? "", /consumers\.pause.*the printer burns/)
    assertCalm()
  })

  it("one tells by which rules it is handled, and who says so: its code, or a setting, which it leads to", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(`${url}/consumers/crm.accounts`)
    const rules = page.getByRole("table", { name: "Rules in force, and where each comes from" })
    const rule = (name: string) => rules.getByRole("row").filter({ hasText: name })
    await rules.waitFor()
    assert.match((await rule("Order").textContent()) ?? "", /one delivery of an aggregate at a timecode$/)
    assert.match((await rule("Mode").textContent()) ?? "", /transactionaldefault$/)
    assert.match((await rule("Timeout of a handler").textContent()) ?? "", /24 sprocessingLeaseMsdefault$/)
    const subscriptions = page.getByRole("table", { name: "Subscriptions" }).locator("tbody tr")
    assert.match((await subscriptions.first().textContent()) ?? "", /up to 1/)
    await rule("Attempts").getByRole("link", { name: "maxAttempts" }).click()
    await page.waitForURL(/settings\/core\.integration\.outbox\.maxAttempts/)
    await page.getByRole("dialog", { name: "maxAttempts" }).waitFor()
    assertCalm()
  })

  it("one tells what it has had open for the longest time, why each waits, and leads to its event", async () => {
    const { run, url } = await startApplication("memory")
    await run(Processor.use((processor) => processor.pause("finance.payments")))
    const events = await run(createInvoices(11))
    const { assertCalm, page } = await visit(`${url}/consumers/finance.payments`)
    const rows = page.getByRole("table", { name: "Open deliveries, the oldest first" }).locator("tbody tr")
    await rows.nth(9).waitFor()
    assert.strictEqual(await rows.count(), 10)
    assert.match(
      (await rows.first().textContent()) ?? "",
      /finance\.invoice-created .*finance\/Invoice\/INV-1.*ready.*0/
    )
    await rows.first().getByRole("link").first().click()
    await page.waitForURL(new RegExp(`/events/${events[0]?.id}`))
    assertCalm()
  })

  it("one is not retired before its name is typed, nor while a process serves it unless that is said", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(`${url}/consumers/crm.letters`)
    await page.getByRole("button", { name: "Retire" }).click()
    const retire = page.getByRole("button", { name: "Retire crm.letters" })
    assert.strictEqual(await retire.getAttribute("aria-disabled"), "true")
    await page.getByLabel("Type crm.letters").fill("crm.letters")
    assert.strictEqual(await retire.getAttribute("aria-disabled"), "true")
    await page.getByLabel(/Although a process serves it/).check()
    await retire.click()
    await page.getByText("crm.letters is retired: 1 subscription ended, 0 deliveries skipped.").waitFor()
    assertCalm()
  })
})

inBrowser("settings", () => {
  it("one is changed within its bounds only, and undone from its history", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(`${url}/settings`)
    await page.getByRole("button", { name: "Change retryMaxDelayMs" }).click()
    const value = page.getByLabel("New value, in ms")
    await value.fill("99")
    await page.getByText("It is at least 100 ms.").waitFor()
    await value.fill("90000")
    await page.getByText("That is 1 min 30 s.").waitFor()
    await page.getByLabel("Reason").fill("the bank limits us")
    await page.getByRole("button", { name: "Store 90,000 ms" }).click()
    await page.getByText("retryMaxDelayMs is 90,000 ms now.").waitFor()
    await page.getByRole("link", { name: "retryMaxDelayMs" }).click()
    await page.getByRole("listitem").filter({ hasText: "nothing stored" }).getByText("“the bank limits us”").waitFor()
    await page.getByRole("button", { name: "Undo: store nothing" }).click()
    await page.getByText("retryMaxDelayMs is 3,600,000 ms now.").waitFor()
    assertCalm()
  })
})
