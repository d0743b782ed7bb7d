import { defineConfig } from "vitest/config"
import type { Reporter } from "vitest/node"

/** Closes the run with one plain line, for whoever reads the log with a program. */
const plainSummary: Reporter = {
  onTestRunEnd(modules) {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
    const count = (state: string) => states.filter((_) => _ === state).length
    console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`)
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    reporters: ["default", plainSummary],
    pool: "forks",
    // An instance of PGlite takes 0.7 GB: few files at once, whatever the machine.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
