/** A payload as it was published, and as each consumer gets it. */
import { Effect, Layer, Schema } from "effect"
import { assert, it } from "vitest"
import { DomainEvent, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { seriousFindings } from "./support/accessible.ts"
import { startApplication } from "./support/application.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"
import { signIn, unsigned, users } from "./support/users.ts"

const { visit } = makeBrowser()

const of = { sourceModule: "sales", aggregateType: "Offer", aggregateId: () => "1" }
const V1 = Schema.Struct({ id: Schema.Finite, amount: Schema.Finite })
const Offered = DomainEvent.define("offer.made", {
  ...of,
  payload: DomainEvent.versions(V1)
    .next(Schema.Struct({ id: Schema.Finite, cents: Schema.Int }))
    .from(({ amount, id }) => ({ id, cents: amount * 100 }))
})
const OfferedBefore = DomainEvent.define("offer.made", { ...of, payload: V1 })

const nothing = () => Effect.void
const subscribers = [
  Subscriber.make({ consumer: "sales.cents", event: Offered, handler: nothing }),
  Subscriber.make({ consumer: "sales.plain", event: "offer.made", handler: nothing })
]
const gone = Subscriber.make({ consumer: "sales.gone", event: Offered, handler: nothing })

inBrowser("a payload", () => {
  it.each([1440, 400])("is shown as it was published, and as each consumer gets it, %i pixels wide", async (width) => {
    const { run, url } = await startApplication("memory", { subscribers })
    const { id } = await run(
      Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(Subscriber.layer(gone))
          const stored = yield* Publisher.publish(OfferedBefore, { id: 7, amount: 12.5 })
          yield* Processor.use((processor) => processor.settled(stored.id))
          return stored
        })
      )
    )
    const { assertCalm, page } = await visit(`${url}/events/${id}?tab=payload`, { width })
    await page.getByRole("heading", { name: "As published in version 1" }).waitFor()
    const others = page.getByRole("region", { name: "Who gets it otherwise" })
    assert.match((await others.textContent()) ?? "", /sales\.cents in version 2$/)
    await others.getByRole("button", { name: "sales.cents" }).click()
    const received = page.getByRole("region", { name: "As sales.cents gets it" })
    await received.getByText("stored in version 1, and brought to version 2").waitFor()
    const diff = received.getByRole("region", { name: "What differs for sales.cents" })
    assert.match((await diff.textContent()) ?? "", /Removed: −\s*"amount": 12\.5.*Added: \+\s*"cents": 1250/s)
    assert.include(page.url(), "as=sales.cents")
    await received.getByRole("button", { name: "Show all of it" }).click()
    await received.getByText("cents:", { exact: true }).waitFor()
    assert.isTrue(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth))
    assert.deepStrictEqual(await seriousFindings(page), [])
    const shown = page.getByRole("combobox", { name: "Shown" })
    await shown.selectOption("sales.plain")
    await page.getByRole("region", { name: "As sales.plain gets it" }).getByText("As it was published.").waitFor()
    await shown.selectOption("sales.gone")
    await page.getByText('has no handler of consumer "sales.gone" for "offer.made"').waitFor()
    assertCalm()
  })
})

inBrowser("a payload that is too large to be compared", () => {
  it("is shown, and what to do instead is said", async () => {
    const { run, url } = await startApplication("memory", { subscribers })
    const { id } = await run(Publisher.publish(OfferedBefore, { id: 7, amount: 12.5 }))
    await run(Processor.use((processor) => processor.settled(id)))
    const { assertCalm, page } = await visit(url)
    await page.route(/\/events\/[^/]+\/received/, async (route) => {
      const response = await route.fetch()
      const originalPayload = JSON.stringify({ id: 7, text: "x".repeat(1_500_000) })
      await route.fulfill({ response, json: { ...(await response.json()), originalPayload } })
    })
    await page.goto(`${url}/events/${id}?tab=payload&as=sales.cents`)
    const received = page.getByRole("region", { name: "As sales.cents gets it" })
    await received.getByText("Copy both payloads to compare them.").waitFor()
    assert.strictEqual(await received.getByRole("region", { name: "What differs for sales.cents" }).count(), 0)
    assertCalm()
  })
})

inBrowser("a payload that cannot be read, or not be seen", () => {
  it("is told of, with what does not fit, and to viewers without", async () => {
    const { run, url } = await startApplication("memory", { subscribers, auth: users })
    const [bad, good] = await run(
      Effect.all([
        Publisher.publishEvent({
          ...of,
          eventName: "offer.made",
          aggregateId: "1",
          payload: { id: 1, amount: "much" }
        }),
        Publisher.publish(OfferedBefore, { id: 7, amount: 12.5 })
      ])
    )
    await run(Effect.ignore(Processor.use((processor) => processor.settled(good!.id))))
    const admin = await visit(`${url}/events/${bad!.id}?tab=payload&as=sales.cents`)
    await signIn(admin.page, "admin")
    const problems = admin.page.getByRole("list", { name: "What does not fit" })
    await problems.getByText(/^amount: /).waitFor()
    admin.assertCalm(...unsigned)
    const viewer = await visit(`${url}/events/${good!.id}?tab=payload&as=sales.cents`)
    await signIn(viewer.page, "viewer")
    await viewer.page.getByText("shown to those only who see the whole payload").waitFor()
    assert.notInclude((await viewer.page.locator("body").textContent()) ?? "", "1250")
    viewer.assertCalm(...unsigned)
  })
})
