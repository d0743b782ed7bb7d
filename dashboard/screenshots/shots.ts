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

/** What the first link to a detail leads to. */
const first = (name: string, path: string, part: string): Shot => ({
  name,
  go: async (page, url) => {
    await page.goto(`${url}${path}`)
    const href = await page.locator(`main a[href*="${part}"]`).first().getAttribute("href")
    await page.goto(new URL(href ?? "", url).href)
  }
})

export const shots: ReadonlyArray<Shot> = [
  screen("overview", "/?range=15m"),
  screen("map", "/map?range=15m"),
  screen("events", "/events"),
  first("event", "/events?q=name:invoice.issued", "/events/0"),
  screen("dead-letters", "/dead-letters"),
  first("error-group", "/dead-letters", "/dead-letters/"),
  screen("operations", "/operations"),
  screen("consumers", "/consumers?range=15m"),
  screen("consumer", "/consumers/finance.payments?range=15m"),
  screen("links", "/links?entity=finance/Invoice/INV-03"),
  screen("contracts", "/contracts"),
  screen("processes", "/processes"),
  screen("settings", "/settings"),
  screen("audit", "/audit"),
  screen("doctor", "/doctor")
]
