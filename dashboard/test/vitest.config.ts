/** `npm run test:browser`: the dashboard in a real browser, over real stores. It needs `npm run build`, which builds the pages too. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: ["./support/setup.ts", "../../test/support/globalSetup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})
