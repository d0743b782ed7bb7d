/** Packs the package and installs it, with its peers, into an empty project that all checks share. */
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { TestProject } from "vitest/node"
import { environment } from "./environment.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** The packed file. */
    readonly tarball: string
    /** The folder of the project that it is installed in. */
    readonly project: string
  }
}

const root = fileURLToPath(new URL("../../", import.meta.url))

const npm = (cwd: string, ...args: ReadonlyArray<string>) =>
  execFileSync("npm", args, { cwd, env: environment(), encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })

/** Every peer, also the optional ones, in the version that is used here. */
const peers = (): ReadonlyArray<string> => {
  const { devDependencies, peerDependencies } = JSON.parse(Fs.readFileSync(join(root, "package.json"), "utf8"))
  return Object.keys(peerDependencies).map((name) => `${name}@${devDependencies[name]}`)
}

export default (project: TestProject) => {
  if (!Fs.existsSync(join(root, "dist/index.js"))) throw new Error("There is nothing to pack. Run: npm run build")
  const directory = Fs.mkdtempSync(join(tmpdir(), "effect-integration-package-"))
  const [packed] = JSON.parse(npm(root, "pack", "--json", "--loglevel=error", "--pack-destination", directory))
  const tarball = join(directory, packed.filename)
  Fs.writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "application", private: true }))
  const quietly = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
  npm(directory, "install", ...quietly, tarball, ...peers(), "@types/node")
  project.provide("tarball", tarball)
  project.provide("project", directory)
  return () => Fs.rmSync(directory, { recursive: true, force: true })
}
