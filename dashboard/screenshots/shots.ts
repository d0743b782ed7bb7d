/** What pictures are taken of, and how one comes there. */
import type { Page } from "playwright-core"

export interface Shot {
  /** Of its files. */
  readonly name: string
  readonly go: (page: Page, url: string) => Promise<void>
}

const screen = (name: string, path: string): Shot => ({
  name,
  go: async (page, url) => {
    await page.goto(`${url}${path}`)
  }
})

/** The screen of the first row that leads to a detail. */
const first = (name: string, path: string, href: RegExp): Shot => ({
  name,
  go: async (page, url) => {
    await page.goto(`${url}${path}`)
    const link = page.locator("main a").filter({ visible: true })
    await link.first().waitFor()
    const all = await link.evaluateAll((links) => links.map((each) => each.getAttribute("href") ?? ""))
    const found = all.find((each) => href.test(each))
    if (found === undefined) throw new Error(`Nothing on ${path} leads to ${href}.`)
    await page.goto(new URL(found, url).href)
  }
})

export const shots: ReadonlyArray<Shot> = [
  screen("overview", "/"),
  screen("map", "/map"),
  screen("events", "/events"),
  first("event", "/events?q=name:invoice.created", /\/events\/[0-9a-f-]{36}/),
  screen("dead-letters", "/dead-letters"),
  first("error-group", "/dead-letters", /\/dead-letters\/-?\w+/),
  screen("operations", "/operations"),
  screen("consumers", "/consumers"),
  screen("consumer", "/consumers/finance.payments"),
  screen("links", "/links?entity=finance/Invoice/INV-03"),
  screen("contracts", "/contracts"),
  screen("processes", "/processes"),
  screen("settings", "/settings"),
  screen("audit", "/audit"),
  screen("doctor", "/doctor")
]
