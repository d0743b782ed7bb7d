/** Large payloads: their beginning, and all of them for whoever asks. */
import { Schema } from "effect"
import { assert, it } from "vitest"
import { DomainEvent, Publisher } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"

const { visit } = makeBrowser()

const Imported = DomainEvent.define("big.imported", {
  sourceModule: "big",
  aggregateType: "Import",
  aggregateId: () => "1",
  payload: Schema.Struct({ text: Schema.String })
})

inBrowser("a payload of a megabyte", () => {
  it("is shown by its beginning, and whole when somebody asks", async () => {
    const { run, url } = await startApplication("memory")
    const { id } = await run(Publisher.publish(Imported, { text: `${"word ".repeat(200_000)}end` }))
    const { assertCalm, page } = await visit(`${url}/events/${id}?tab=payload`)
    const text = page.getByRole("region", { name: "Payload" }).locator("pre")
    const all = page.getByRole("button", { name: /^All 1,000,0\d\d characters$/ })
    await all.waitFor()
    assert.notInclude((await text.textContent()) ?? "", "word end")
    await all.click()
    await all.waitFor({ state: "detached" })
    assert.include((await text.textContent()) ?? "", "word end")
    assertCalm()
  })
})
