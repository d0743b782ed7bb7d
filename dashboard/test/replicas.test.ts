/** A process that is killed while somebody watches: it is seen, and its consumers go on in another. */
import { Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { inject, it } from "vitest"
import { Admin } from "../../src/admin.ts"
import { Dashboard } from "../../src/dashboard.ts"
import { packageVersion } from "../../src/model/packageVersion.ts"
import { inPlace, load, verify } from "../../test/support/faults.ts"
import { until } from "../../test/support/scenario.ts"
import { inBrowser, makeBrowser } from "./support/browser.ts"

const { visit } = makeBrowser()

/** Deliveries that a process has handled. */
const handledBy = (pid: number) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ count: number }>`SELECT count(*)::int AS count FROM inside WHERE pid = ${pid}`,
      ([row]) => row?.count ?? 0
    )
  )

inBrowser("of two processes", () => {
  it("one is killed: it is told on the overview and among processes, and the other goes on with all that was its", async () => {
    const watched = inPlace(inject("postgresUrl"), ({ replica }) =>
      Effect.gen(function* () {
        const { url } = yield* Effect.flatMap(
          Layer.build(Dashboard.layer({ port: 0 }).pipe(Layer.provide([Admin.layer, Logger.layer([])]))),
          (context) => Dashboard.pipe(Effect.provide(context))
        )
        const replicas = yield* Effect.all([replica(), replica()], { concurrency: 2 })
        const { stop } = yield* load(0, 40)
        const processes = yield* Effect.promise(() => visit(`${url}/processes`))
        const overview = yield* Effect.promise(() => visit(url))
        yield* Effect.promise(() => processes.page.getByText("3 running; 0 ended in the last day.").waitFor())
        const told = processes.page.locator("tbody tr", { hasText: `pid ${replicas[0].pid}` })
        yield* Effect.promise(() => told.getByText(`effect-integration ${packageVersion}`).waitFor())
        yield* Effect.promise(() => told.getByText("hears at once").waitFor())
        yield* Effect.promise(() => told.getByText(/^ · \d of 5 batches$/).waitFor())
        const [killed, left] = [replicas[0].pid, replicas[1].pid]
        yield* until(handledBy(killed), (count) => count > 20)
        yield* replicas[0].kill("SIGKILL")
        const before = yield* handledBy(left)
        yield* Effect.promise(async () => {
          const { page } = processes
          const told = page.getByRole("region", { name: "1 process ended without a word in the last day" })
          await told.getByText(`pid ${killed}`).waitFor({ timeout: 60_000 })
          await told.getByText("Others serve all its 3 consumers now; what it had in hand is tried again.").waitFor()
          const row = page.locator("tbody tr", { hasText: `pid ${killed}` })
          await row.getByText("ended without a word").waitFor()
          await page.getByText("2 running; 1 ended in the last day.").waitFor()
          const attention = overview.page.getByRole("listitem").filter({ hasText: `Process ${killed}` })
          await attention.getByText("ended without a word").waitFor({ timeout: 30_000 })
          await attention.getByRole("link", { name: "See processes" }).click()
          await overview.page.getByRole("heading", { level: 1, name: "Processes" }).waitFor()
          processes.assertCalm()
          overview.assertCalm()
        })
        yield* until(handledBy(left), (count) => count > before + 20)
        yield* verify(yield* stop, 2)
      })
    )
    await Effect.runPromise(watched)
  })
})
