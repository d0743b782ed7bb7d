import { defineConfig } from "vitest/config"

// PGlite takes some seconds to begin.
export default defineConfig({ test: { include: ["test/**/*.test.ts"], testTimeout: 60_000 } })
