/** The application was updated while a page is open: parts that are not loaded yet are not there any more, which is said where they would be. */
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { createInvoices } from "./support/modules.ts"
import { press, see } from "./support/steps.ts"

const { visit } = makeBrowser()

const newer = /^There is a newer version of this page/

inBrowser("a page that is older than the application", () => {
  it("says so where a part is missing, leaves the rest, and is loaded again when somebody wants that", async () => {
    const { run, url } = await startApplication("memory")
    await run(createInvoices(1, { amount: -1 }))
    await run(Processor.use((processor) => processor.allSettled()))
    const { assertCalm, page } = await visit(`${url}/dead-letters?view=deliveries`)
    await page.getByRole("link", { name: "Task/T-INV-1" }).click()
    const gone = (part: string) =>
      page.route(new RegExp(`/assets/${part}-[^/]*\\.js`), (route) => route.fulfill({ status: 404, body: "" }))
    await gone("Editor")
    await press(page, "Edit payload")
    await see(page, newer)
    await see(page, "Only crm.accounts will see this.")
    await page.getByLabel("Reason").fill("it can still be typed")
    await page.unrouteAll()
    await press(page, "Load the page again")
    await page.getByRole("textbox", { name: /^Payload, as JSON/ }).waitFor()
    assert.strictEqual(await page.getByText(newer).count(), 0)
    assertCalm(/404/, /was updated since/, /Failed to (load|fetch)/)
  })

  it("says so for a whole screen, and waits where a proxy answers for a server that is away", async () => {
    const { url } = await startApplication("memory")
    const { assertCalm, page } = await visit(url)
    let status = 404
    await page.route(/\/assets\/(Map|Doctor)-[^/]*\.js/, (route) => route.fulfill({ status, body: "" }))
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Map", exact: true }).click()
    await see(page, newer)
    status = 502
    await page.route(/\/api\/v1\//, (route) =>
      route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" })
    )
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Doctor", exact: true }).click()
    await page.waitForResponse(/\/assets\/Doctor-/)
    await page.waitForResponse(/\/assets\/Doctor-/)
    assert.strictEqual(await page.getByText(newer).count(), 0)
    await page.unrouteAll()
    await page.getByRole("heading", { level: 1, name: "Doctor" }).waitFor()
    assertCalm(/404/, /502/, /was updated since/, /Failed to (load|fetch)/)
  })
})
