/** Every detail, dialog and menu, in both themes and on a phone: nothing is complained of, nothing goes beyond the edge, axe finds nothing serious. */
import type { Page } from "playwright-core"
import { assert, it } from "vitest"
import { Processor } from "../../src/index.ts"
import { seriousFindings } from "./support/accessible.ts"
import { startApplication } from "./support/application.ts"
import { beyondEdge, inBrowser, makeBrowser, untilAnswered } from "./support/browser.ts"
import { widths } from "./support/chromium.ts"
import { createInvoices } from "./support/modules.ts"
import { press } from "./support/steps.ts"

const { visit } = makeBrowser()

interface Known {
  readonly event: string
  readonly group: string
  readonly letter: string
  readonly operation: string
}

/** With something of everything in it; and the ids that details need. */
const busy = async () => {
  const { run, switches, url } = await startApplication("memory")
  switches.isProviderDown = true
  await run(createInvoices(25))
  await run(createInvoices(2, { amount: -1, from: 100 }))
  await run(Processor.use((processor) => processor.allSettled()))
  const ask = async (path: string, body?: unknown) => {
    const headers = { "content-type": "application/json", "x-effect-integration": "1" }
    const posted = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) }
    return (await fetch(`${url}/api/v1${path}`, posted)).json()
  }
  const letters = (await ask("/dead-letters?consumer=finance.payments&limit=2")).items
  const { id } = await ask("/operations", {
    kind: "requeue",
    filter: { deliveryIds: [letters[1].deliveryId] },
    reason: "perhaps it is back"
  })
  const known: Known = {
    event: letters[0].eventId,
    group: letters[0].fingerprint,
    letter: letters[0].deliveryId,
    operation: id
  }
  return { url, known }
}

const tabs = ["story", "payload", "lineage", "links", "raw"]

/** Where each detail is, and what is waited for in it. */
const placesOf = ({ event, group, letter, operation }: Known): ReadonlyArray<readonly [string, RegExp]> => [
  ...tabs.map((tab) => [`/events/${event}?tab=${tab}`, /^finance\.invoice-created v1$/] as const),
  [`/dead-letters/${group}`, /the payment provider did not answer/],
  [`/dead-letters/${group}/${letter}`, /^Invoice\/INV-/],
  ["/consumers/finance.payments", /^finance\.payments/],
  ["/contracts/finance.invoice-created", /^finance\.invoice-created/],
  [`/operations/${operation}`, /^Requeue/],
  ["/settings/core.integration.outbox.maxAttempts", /^maxAttempts$/],
  ["/links?entity=finance/Invoice/INV-1", /^The life of finance\/Invoice\/INV-1/]
]

const keys: ReadonlyArray<string> = ["Control+k", "?"]

/** What opens over a screen: where, by which button or keys, and the role of what is open then. */
const overlaysOf = ({ group, letter }: Known) =>
  [
    [`/dead-letters/${group}`, "Requeue 27", "dialog"],
    [`/dead-letters/${group}`, "Discard 27", "dialog"],
    [`/dead-letters/${group}`, "Mark as", "menu"],
    [`/dead-letters/${group}/${letter}`, "Edit payload", "textbox"],
    ["/consumers/finance.payments", "Pause", "dialog"],
    ["/consumers/finance.payments", "Retire", "dialog"],
    ["/settings", "Change maxAttempts", "form"],
    ["/map", "Export", "menu"],
    ["/", "Control+k", "dialog"],
    ["/", "?", "dialog"],
    ["/", "anybody: who you are, and how the page looks", "menu"]
  ] as const

const assertFine = async (page: Page, what: string) => {
  await untilAnswered(page)
  assert.isAtMost(await beyondEdge(page), 0, what)
  assert.deepStrictEqual(await seriousFindings(page), [], what)
}

const looks: ReadonlyArray<readonly ["light" | "dark", keyof typeof widths]> = [
  ["light", "desk"],
  ["dark", "desk"],
  ["light", "phone"]
]

inBrowser("details", () => {
  for (const [theme, width] of looks) {
    it(`${theme}, on a ${width}: each is within the edge, and nothing serious by axe`, async () => {
      const { known, url } = await busy()
      const { assertCalm, page } = await visit(url, { theme, width: widths[width] })
      for (const [path, heading] of placesOf(known)) {
        await page.goto(`${url}${path}`)
        await page.getByRole("heading", { name: heading }).first().waitFor()
        await assertFine(page, path)
      }
      for (const [path, by, role] of overlaysOf(known)) {
        await page.goto(`${url}${path}`)
        await untilAnswered(page)
        await (keys.includes(by) ? page.keyboard.press(by) : press(page, by))
        await page.getByRole(role).first().waitFor()
        await assertFine(page, `${path}: ${by}`)
      }
      if (width === "phone") {
        await page.goto(url)
        await press(page, "More")
        await page.getByRole("menuitem", { name: "Doctor" }).waitFor()
        await assertFine(page, "the other screens")
      }
      assertCalm()
    })
  }
})
