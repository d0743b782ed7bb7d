/** The page of the dashboard: a clone of the repository has to build it once. */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Console, Data, Effect } from "effect"
import { builtFolder } from "../../src/dashboard/files.ts"

const script = fileURLToPath(new URL("../../scripts/buildDashboard.ts", import.meta.url))

const isBuilt = Effect.sync(() => existsSync(new URL("index.html", builtFolder)))

/** The dashboard cannot be built, for example without a network to get its packages from. */
class PageNotBuilt extends Data.TaggedError("PageNotBuilt")<{ readonly said: string }> {
  override get message() {
    return `The dashboard's page could not be built (scripts/buildDashboard.ts):\n${this.said}\nWithout it there is its API: --api.`
  }
}

/** Runs the script; what it says is told when it fails. It ends with the demo, and with it what it has started: they are a group. */
const runBuild = Effect.callback<void, PageNotBuilt>((resume) => {
  const child = spawn(process.execPath, [script], { detached: true, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  const read = (data: Buffer) => {
    said += data
  }
  child.stdout.on("data", read)
  child.stderr.on("data", read)
  child.once("error", (error) => resume(Effect.fail(new PageNotBuilt({ said: error.message }))))
  child.once("close", (code) => resume(code === 0 ? Effect.void : Effect.fail(new PageNotBuilt({ said: said.trim() }))))
  return Effect.sync(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid)
  })
})

/** Builds it unless it is there. */
export const built = Effect.gen(function* () {
  if (yield* isBuilt) return
  yield* Console.log("\nThe dashboard's page is built, once: that takes a minute at most.")
  yield* runBuild
})
