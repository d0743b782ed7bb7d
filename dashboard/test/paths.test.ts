/** Where the dashboard is seen: below a path of its own, and behind a proxy that takes a prefix off. */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { startProxy } from "./support/proxies.ts"
import { signIn, unsigned, users } from "./support/users.ts"

const { visit } = makeBrowser()

/** What the page has loaded that it should have, by paths: its icon is asked for by the browser itself. */
const iconOf = (page: Page) =>
  page.evaluate(async () => {
    const icon = document.querySelector<HTMLLinkElement>("link[rel~=icon]")
    return icon === null ? 0 : (await fetch(icon.href)).status
  })

const behindProxy = async (isHostKept: boolean, basePath = "") => {
  const { leadTo, origin, url } = await startProxy("/behind/this", isHostKept)
  const application = await startApplication("memory", {
    auth: users,
    basePath,
    ...(isHostKept ? { allowedHosts: [new URL(origin).host] } : { origin })
  })
  leadTo(application.port)
  return { ...application, url: `${url}${basePath}` }
}

const places = {
  "below a path": () => startApplication("memory", { auth: users, basePath: "/ops/integration" }),
  "behind a proxy that takes a prefix off": () => behindProxy(true),
  "behind one that tells another host, and below a path": () => behindProxy(false, "/integration")
}

inBrowser("the dashboard", () => {
  for (const [name, start] of Object.entries(places)) {
    it(`${name}: signs in, goes anywhere, survives a reload, and follows what happens`, async () => {
      const { run, switches, url } = await start()
      const prefix = new URL(url).pathname
      switches.isProviderDown = true
      await run(createInvoices(2))
      await run(Processor.use((processor) => processor.allSettled()))
      const pathOf = (page: Page) => new URL(page.url()).pathname
      const { assertCalm, page } = await visit(`${url}/consumers/finance.payments`)
      await signIn(page, "admin")
      await page.getByRole("heading", { level: 1, name: "finance.payments" }).waitFor()
      await page.getByRole("button", { name: "Live: Live" }).waitFor()
      assert.strictEqual(await iconOf(page), 200)
      await page.getByRole("link", { name: "Dead letters", exact: true }).first().click()
      await page
        .getByRole("table", { name: /^Errors/ })
        .getByRole("link")
        .first()
        .click()
      await page.getByRole("button", { name: "Requeue 2" }).waitFor()
      assert.match(pathOf(page), new RegExp(`^${prefix}/dead-letters/[^/]+$`))
      await page.reload()
      await page.getByRole("button", { name: "Requeue 2" }).waitFor()
      assert.strictEqual(await iconOf(page), 200)
      await page.goBack()
      await page.getByRole("heading", { level: 1, name: "Dead letters" }).waitFor()
      await page.getByRole("link", { name: "effect-integration: overview" }).click()
      await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor()
      assert.strictEqual(pathOf(page).replace(/\/$/, ""), prefix)
      await page.reload()
      await untilAnswered(page)
      const stream = page.waitForResponse((response) => response.url().endsWith(`${prefix}/api/v1/live`))
      await page.keyboard.press(".")
      await page.getByRole("button", { name: "Live: Paused" }).waitFor()
      await page.keyboard.press(".")
      assert.strictEqual((await stream).status(), 200)
      await run(createInvoices(3, { from: 3 }))
      await run(Processor.use((processor) => processor.allSettled()))
      await page.getByText("5 dead letters now").waitFor()
      assertCalm(...unsigned)
    })
  }
})
