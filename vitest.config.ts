import { transform } from "esbuild"
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

/** vitest's transformer leaves standard decorators in place, and Node.js cannot run them: see docs/decorators.md. */
const standardDecorators = {
  name: "standard-decorators",
  enforce: "pre" as const,
  async transform(code: string, id: string) {
    if (!/\.tsx?$/.test(id) || !/^\s*@[A-Z]\w*\(/m.test(code)) return
    const result = await transform(code, {
      loader: "ts",
      target: "es2022",
      sourcefile: id,
      sourcemap: true,
      tsconfigRaw: {}
    })
    return { code: result.code, map: result.map }
  }
}

export default defineConfig({
  plugins: [standardDecorators],
  test: {
    // Applications in folders of their own have what they need there: scripts/runNestExamples.ts.
    include: ["test/**/*.test.ts", "examples/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    reporters: ["default", plainSummary],
    pool: "forks",
    // An instance of PGlite takes 0.7 GB: few files at once, whatever the machine.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
