/** `npm run test:package`: the package as it is packed, installed into an empty project. It needs `npm run build` and `npm ci --prefix test/package`. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.check.ts"],
    globalSetup: ["./setup.ts", "../support/globalSetup.ts"],
    maxWorkers: 2,
    testTimeout: 120_000
  }
})
