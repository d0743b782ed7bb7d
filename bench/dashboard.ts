/** The dashboard in a browser, beside as many events as are kept: when a screen is seen first, and how long it takes to answer inputs. */
import { Layer, Logger, ManagedRuntime } from "effect"
import { findChromium, launch } from "../dashboard/test/support/chromium.ts"
import { Admin } from "../src/admin.ts"
import { Dashboard } from "../src/dashboard.ts"
import { Integration } from "../src/index.ts"
import { clientFor, execute } from "./harness/database.ts"
import { type Bench, median, type Run } from "./harness/model.ts"
import { measurePage, type PageFigures } from "./harness/pages.ts"
import { consumers, fill } from "./harness/screensData.ts"
import { replicas } from "./harness/screensRecords.ts"

/** How often each is visited. */
const times = 5

const screens = {
  overview: "/",
  map: "/map",
  events: "/events",
  "events, searched": "/events?q=payload.customer.id:42",
  "dead letters": "/dead-letters",
  consumers: "/consumers",
  "one consumer": "/consumers/bench.consumer-1",
  links: "/links?entity=module-0/Hub/hub",
  contracts: "/contracts",
  processes: "/processes",
  settings: "/settings",
  audit: "/audit",
  doctor: "/doctor"
}

const serve = (url: string) =>
  ManagedRuntime.make(
    Dashboard.layer({ port: 0 }).pipe(
      Layer.provide(Admin.layer),
      Layer.provideMerge(
        Integration.layer({ settings: { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 } })
      ),
      Layer.provideMerge(clientFor(url)),
      Layer.provide(Logger.layer([]))
    )
  )

const said = (name: string, all: ReadonlyArray<PageFigures>) => {
  const text = (key: keyof PageFigures) =>
    `${median(all.map((each) => each[key])).toFixed(0)} (${Math.max(...all.map((each) => each[key])).toFixed(0)})`
  process.stderr.write(
    `${name}: first paint ${text("firstPaint")} ms, filled ${text("filled")} ms, longest interaction ${text("interaction")} ms\n`
  )
}

const measure = async ({ size, url }: Run) => {
  const executable = findChromium()
  if (executable === "")
    throw new Error("There is no Chromium here: install Debian's chromium, or name one with CHROMIUM.")
  const runtime = serve(url)
  await fill(url, runtime, size)
  await execute(runtime, replicas(consumers))
  const { url: address } = await runtime.runPromise(Dashboard)
  const browser = await launch(executable)
  const figures: Record<string, number> = {}
  try {
    for (const [name, path] of Object.entries(screens)) {
      const all: Array<PageFigures> = []
      // The first fills caches of the server.
      await measurePage(browser, `${address}${path}`)
      for (let time = 0; time < times; time++) all.push(await measurePage(browser, `${address}${path}`))
      said(name, all)
      figures[`ms to first paint, ${name}`] = median(all.map(({ firstPaint }) => firstPaint))
      figures[`ms of longest interaction, ${name}`] = median(all.map(({ interaction }) => interaction))
    }
  } finally {
    await browser.close()
    await runtime.dispose()
  }
  return { figures }
}

export default {
  title: "the dashboard in a browser",
  lessIsBetter: true,
  size: { short: 100_000, long: 1_000_000 },
  rounds: 1,
  sides: [{ name: "here", role: "here", measure }]
} satisfies Bench
