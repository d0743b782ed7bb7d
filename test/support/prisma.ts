/**
 * The client that Prisma generates of `test/clients/prisma/schema.prisma`. It is in the repository, as types of it are needed before
 * anything runs. `node test/support/prisma.ts` makes it anew, after changes of the schema and for other versions of Prisma.
 */
import { execFileSync } from "node:child_process"
import { copyFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** Where the schema is, and beside it what was generated. */
export const prismaFolder = fileURLToPath(new URL("../clients/prisma/", import.meta.url))

/** Generates into the folder of a schema, without a network: no engine is needed for it, so any program may be named. */
const generateBeside = (schema: string) => {
  const command = createRequire(import.meta.url).resolve("prisma/build/index.js")
  execFileSync(process.execPath, [command, "generate", "--no-hints", "--schema", schema], {
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1", NO_COLOR: "1" },
    stdio: "pipe"
  })
}

/** Generates the client into `generated` in another folder. */
export const generatePrismaInto = (folder: string) => {
  const schema = join(folder, "schema.prisma")
  copyFileSync(join(prismaFolder, "schema.prisma"), schema)
  generateBeside(schema)
}

if (import.meta.main) generateBeside(join(prismaFolder, "schema.prisma"))
