/** What those may not do who only look, or who are no admin: nothing of it is done, and each is told why. */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { Audit, Operations, Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { type Role, signIn, unsigned, users } from "./support/users.ts"

const { visit } = makeBrowser()

/** Three dead letters of one error, and a paused consumer; somebody is signed in. */
const lookAs = async (role: Role) => {
  const { run, switches, url } = await startApplication("memory", { auth: users })
  switches.isProviderDown = true
  await run(createInvoices(3))
  await run(Processor.use((processor) => processor.allSettled()))
  await run(Processor.use((processor) => processor.pause("crm.accounts")))
  const { assertCalm, page } = await visit(`${url}/dead-letters?view=deliveries`)
  await signIn(page, role)
  const changes: Array<string> = []
  page.on("request", (request) => {
    const { pathname } = new URL(request.url())
    const isQuestion = request.method() === "GET" || /(preview|check)$/.test(pathname)
    if (!isQuestion) changes.push(`${request.method()} ${pathname}`)
  })
  const row = page.getByRole("table", { name: "Dead letters, the last first" }).locator("tbody tr").first()
  const letter = (await row.getByRole("link").getAttribute("href"))!
  return {
    url,
    run,
    page,
    changes,
    letter,
    error: letter.replace(/\/[^/]+$/, ""),
    assertCalm: (...provoked: ReadonlyArray<RegExp>) => assertCalm(...unsigned, ...provoked)
  }
}

const show = async (page: Page, address: string) => {
  await page.goto(address)
  await page.locator("#main").waitFor()
  await untilAnswered(page)
}

const nextFrame = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))

/** Names of buttons that change something, each with why it is off, as it is said when the focus comes to it; empty if it is not. */
const actionsOf = async (page: Page) => {
  const names = /^(Requeue|Edit|Discard|Pause|Resume|Retire|Mark|Add a note|Change)/
  const buttons = page.locator("#main").getByRole("button", { name: names })
  await buttons.first().waitFor()
  const found: Array<ReadonlyArray<string>> = []
  for (const button of await buttons.all()) {
    const name = (await button.getAttribute("aria-label")) ?? (await button.innerText())
    if ((await button.getAttribute("aria-disabled")) !== "true") {
      found.push([name, ""])
      continue
    }
    // What scrolls closes what is said of it, in the next frame.
    await button.scrollIntoViewIfNeeded()
    await nextFrame(page)
    await button.focus()
    found.push([name, (await page.getByRole("tooltip").textContent()) ?? ""])
    await button.press("Enter")
    await button.dispatchEvent("click")
    assert.strictEqual(await page.getByRole("dialog").count(), 0, name)
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.getByRole("tooltip").waitFor({ state: "hidden" })
  }
  return found
}

/** The key that requeues opens nothing. */
const assertNoKey = async (page: Page) => {
  await page.keyboard.press("r")
  await nextFrame(page)
  assert.strictEqual(await page.getByRole("dialog").count(), 0)
}

const needs = (role: Role, wanted: string) => `You are signed in as ${role}; this needs ${wanted}.`

inBrowser("a viewer", () => {
  it("finds every action off, with its reason, and no key that does it either", async () => {
    const { assertCalm, changes, error, letter, page, url } = await lookAs("viewer")
    const here = `${new URL(url).origin}`
    const [operator, admin] = [needs("viewer", "an operator"), needs("viewer", "an admin")]
    await show(page, `${url}/dead-letters?view=deliveries`)
    const all = [
      ["Requeue 3", operator],
      ["Discard 3", admin]
    ]
    assert.deepStrictEqual(await actionsOf(page), all)
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.getByRole("button", { name: "Requeue 1 selected" }).waitFor()
    await assertNoKey(page)
    await show(page, `${here}${error}`)
    const known = ["Mark as", "Add a note"].map((name) => [name, operator])
    assert.deepStrictEqual(await actionsOf(page), [...all, ...known])
    await assertNoKey(page)
    await show(page, `${here}${letter}`)
    const one = [
      ["Requeue", operator],
      ["Edit payload", operator],
      ["Discard", admin]
    ]
    assert.deepStrictEqual(await actionsOf(page), one)
    await assertNoKey(page)
    await show(page, `${url}/consumers/crm.letters`)
    assert.deepStrictEqual(await actionsOf(page), [
      ["Pause", operator],
      ["Retire", admin]
    ])
    await show(page, `${url}/consumers/crm.accounts`)
    assert.deepStrictEqual(await actionsOf(page), [
      ["Resume", operator],
      ["Retire", admin]
    ])
    await show(page, `${url}/settings`)
    const settings = await actionsOf(page)
    assert.isAbove(settings.length, 5)
    assert.isTrue(settings.every(([, why]) => why === admin))
    assert.deepStrictEqual(changes, [])
    assertCalm()
  })

  it("sees keys of payloads and no values, is told so, and may not search in them", async () => {
    const { assertCalm, letter, page, url } = await lookAs("viewer")
    await show(page, `${new URL(url).origin}${letter}`)
    const kept = page.getByText("Values are kept from your role: you see the keys, and what kind each value is.")
    await kept.waitFor()
    await page.getByRole("region", { name: "Payload", exact: true }).getByText("customer").waitFor()
    assert.notMatch(await page.content(), /customer-\d/)
    await page.getByRole("link", { name: "finance.invoice-created, version 1" }).click()
    await page.getByRole("tab", { name: "Payload" }).click()
    await kept.waitFor()
    // The list beside it names accounts, whose ids are their customers'.
    assert.notMatch((await page.getByRole("tabpanel").textContent()) ?? "customer-1", /customer-\d/)
    await show(page, `${url}/events?q=payload.customer:customer-1`)
    await page.getByRole("alert").getByText("You do not see customer").waitFor()
    assert.strictEqual(await page.getByRole("button", { name: "Try again" }).count(), 0)
    assertCalm(/403/)
  })
})

inBrowser("a viewer of an operation", () => {
  it("cannot stop it: not by the page, which says why, and not by asking, which the audit keeps", async () => {
    const { assertCalm, page, run, url } = await lookAs("viewer")
    // A paused consumer never gets through the canary.
    await run(Processor.use((processor) => processor.pause("finance.payments")))
    const { id } = await run(
      Operations.use((operations) =>
        operations.start({ kind: "requeue", filter: { consumer: "finance.payments" }, canary: 1 })
      )
    )
    await show(page, `${url}/operations/${id}`)
    const stop = page.getByRole("dialog").getByRole("button", { name: "Stop" })
    await stop.focus()
    await page.getByRole("tooltip").getByText(needs("viewer", "an operator")).waitFor()
    assert.strictEqual(await stop.getAttribute("aria-disabled"), "true")
    const status = await page.evaluate(async (path) => {
      const headers = { "content-type": "application/json", "x-effect-integration": "1" }
      return (await fetch(path, { method: "POST", headers, body: "{}" })).status
    }, `/api/v1/operations/${id}/stop`)
    assert.strictEqual(status, 403)
    assert.strictEqual((await run(Operations.use((operations) => operations.get(id)))).stoppedBy, null)
    const { entries } = await run(Audit.use((audit) => audit.list({ limit: 10, target: id })))
    assert.deepStrictEqual(
      entries.filter(({ action }) => action === "operations.stop").map(({ outcome, who }) => [who, outcome]),
      [["vera", "refused"]]
    )
    assertCalm(/403/)
  })
})

inBrowser("an operator", () => {
  it("may requeue and edit, but neither discard, nor retire, nor change settings", async () => {
    const { assertCalm, changes, letter, page, url } = await lookAs("operator")
    const admin = needs("operator", "an admin")
    await show(page, `${url}/consumers/crm.letters`)
    assert.deepStrictEqual(await actionsOf(page), [
      ["Pause", ""],
      ["Retire", admin]
    ])
    await show(page, `${url}/settings`)
    assert.isTrue((await actionsOf(page)).every(([, why]) => why === admin))
    await show(page, `${new URL(url).origin}${letter}`)
    assert.deepStrictEqual(await actionsOf(page), [
      ["Requeue", ""],
      ["Edit payload", ""],
      ["Discard", admin]
    ])
    assert.deepStrictEqual(changes, [])
    await page.keyboard.press("r")
    const sure = page.getByRole("dialog", { name: "Requeue this dead letter?" })
    await sure.getByRole("button", { name: "Requeue" }).click()
    await page.getByText("It was requeued.").waitFor()
    assert.lengthOf(changes, 1)
    assert.match(changes[0] ?? "", /^POST .*\/requeue$/)
    // It is no dead letter any more, which the page says.
    assertCalm(/404/)
  })
})
