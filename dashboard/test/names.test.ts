/** Names and ids may be any text: what stands for something in an address leads to what has the name, and nothing is run. */
import { readFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import { assert, it } from "vitest"
import { DomainEvent, LinkStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { startApplication } from "./support/application.ts"
import { beyondEdge, inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { widths } from "./support/chromium.ts"

const { visit } = makeBrowser()

const consumer = `crm:a/b?c=d&e+f#g,%41 100% "é" <img src=x onerror=alert(1)>`

const id = `%2F/..?#&+ "é"<b>`

const event = DomainEvent.define(`odd:a/b?c#d%41 "x" <script>`, {
  sourceModule: "__proto__",
  aggregateType: "constructor",
  aggregateId: ({ id }: { readonly id: string }) => id,
  payload: Schema.Struct({ id: Schema.String })
})

const start = async (store: "memory" | "PostgreSQL") => {
  const subscriber = Subscriber.make({ consumer, event, handler: () => Effect.fail({ _tag: "=1+1", message: "<b>" }) })
  const application = await startApplication(store, { subscribers: [subscriber] as never })
  await application.run(
    Effect.andThen(
      Publisher.publish(event, { id }),
      LinkStore.create({
        source: { module: "__proto__", entityType: "constructor", entityId: id },
        target: { module: "crm", entityType: "Customer", entityId: "javascript:alert(1)" },
        linkType: "cascade"
      })
    )
  )
  await application.run(Processor.use((processor) => processor.allSettled()))
  return application
}

inBrowser("any name", () => {
  for (const store of ["memory", "PostgreSQL"] as const) {
    it(`of a consumer leads to it, and stays while the address changes, over ${store}`, async () => {
      const { url } = await start(store)
      const { assertCalm, page } = await visit(`${url}/consumers`)
      await page.getByRole("link", { name: consumer, exact: true }).first().click()
      const heading = page.getByRole("heading", { level: 1 }).filter({ hasText: consumer })
      await heading.waitFor()
      await page.getByText("What it has to do").waitFor()
      await page.getByRole("combobox", { name: "Span of time" }).selectOption("6h")
      await page.waitForURL(/range=6h/)
      await heading.waitFor()
      await page.reload()
      await heading.waitFor()
      await page.getByText("What it has to do").waitFor()
      await page.getByRole("link", { name: "Its open events" }).click()
      const filter = page.getByRole("combobox", { name: "Filter" })
      await filter.waitFor()
      assertCalm()
    })
  }

  it("of an event leads to its contract, and to its events", async () => {
    const { url } = await start("memory")
    const { assertCalm, page } = await visit(`${url}/contracts`)
    await page.getByRole("link", { name: event.name }).first().click()
    await page.getByRole("heading", { name: event.name }).first().waitFor()
    await page
      .getByRole("link", { name: /events/i })
      .filter({ hasNotText: /^Events$/ })
      .first()
      .click()
    await page.waitForURL(/\/events\?/)
    await page.getByRole("table").locator("tbody tr").first().waitFor()
    assert.include((await page.getByRole("table").locator("tbody tr").first().textContent()) ?? "", event.name)
    assertCalm()
  })

  it("is in the picture of the map, which is well-formed", async () => {
    const odd = DomainEvent.define('odd\u0001<b>&"\u202e', {
      sourceModule: "odd",
      aggregateType: "Odd",
      aggregateId: () => "1",
      payload: Schema.Struct({})
    })
    const subscriber = Subscriber.make({ consumer: "odd", event: odd, handler: () => Effect.void })
    const { url } = await startApplication("memory", { subscribers: [subscriber] as never })
    const { assertCalm, page } = await visit(`${url}/map`)
    await page.getByRole("button", { name: "Export" }).click()
    const downloaded = page.waitForEvent("download")
    await page.getByRole("menuitem", { name: "Save as SVG" }).click()
    const picture = readFileSync(await (await downloaded).path(), "utf8")
    assert.include(picture, "odd\ufffd&lt;b&gt;")
    const problem = await page.evaluate((text) => {
      return new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror")?.textContent ?? null
    }, picture)
    assert.isNull(problem)
    assertCalm()
  })

  it("of an entity leads to it", async () => {
    const { url } = await start("memory")
    const { assertCalm, page } = await visit(`${url}/links?entity=${encodeURIComponent(`__proto__/constructor/${id}`)}`)
    await untilAnswered(page)
    await page.getByText("javascript:alert(1)").first().waitFor()
    assertCalm()
  })
})

inBrowser("a long name", () => {
  const name = "n".repeat(180)
  const long = DomainEvent.define(`e${name}`, {
    sourceModule: "m".repeat(60),
    aggregateType: "t".repeat(60),
    aggregateId: () => "i".repeat(180),
    payload: Schema.Struct({})
  })

  for (const width of [widths.desk, widths.phone]) {
    it(`stays within the edge, ${width} pixels wide`, async () => {
      const subscriber = Subscriber.make({
        consumer: `c${name}`,
        event: long,
        handler: () => Effect.fail(new Error(name))
      })
      const { run, url } = await startApplication("memory", { subscribers: [subscriber] as never })
      await run(Publisher.publish(long, {}))
      await run(Processor.use((processor) => processor.allSettled()))
      for (const path of [
        "/",
        "/map?view=table",
        "/contracts",
        "/consumers",
        "/dead-letters",
        "/dead-letters?view=letters",
        "/events"
      ]) {
        const { assertCalm, page } = await visit(`${url}${path}`, { width })
        await page.getByText(name).first().waitFor({ state: "attached" })
        await untilAnswered(page)
        assert.isAtMost(await beyondEdge(page), 0, path)
        assertCalm()
        await page.context().close()
      }
      const { page } = await visit(`${url}/dead-letters`, { width })
      await page.getByRole("table").getByRole("link").first().click()
      await page.waitForURL(/dead-letters\/\d+/)
      await page.getByRole("table", { name: /Dead letters of this error/ }).waitFor()
      assert.isAtMost(await beyondEdge(page), 0, "the group")
    })
  }
})
