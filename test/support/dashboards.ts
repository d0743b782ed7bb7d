/** A small build of the dashboard, as Vite makes it, and servers of it over a fake administration. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { onTestFinished } from "vitest"
import type { HandlerOptions } from "../../src/admin.ts"
import { webHandlerWith } from "../../src/dashboard/served.ts"
import { tokens } from "./adminRequests.ts"
import { makeFakeAdmin } from "./hostileAdmin.ts"

export const index = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <meta property="csp-nonce" nonce="__CSP_NONCE__" />
    <title>effect-integration</title>
    <script type="module" crossorigin src="./assets/index-Ab12_-cd.js" nonce="__CSP_NONCE__"></script>
    <link rel="modulepreload" crossorigin href="./assets/vendor-99ffAA00.js" nonce="__CSP_NONCE__">
    <link rel="stylesheet" crossorigin href="./assets/index-Zz34yy56.css" nonce="__CSP_NONCE__">
  </head>
  <body><div id="root"></div></body>
</html>
`

const script = `export const words = ${JSON.stringify("what is said again and again ".repeat(200))}\n`

export const assets: Readonly<Record<string, string>> = {
  "index-Ab12_-cd.js": script,
  "vendor-99ffAA00.js": "export {}\n",
  "index-Zz34yy56.css": "body { margin: 0 }\n",
  "logo-00aa11bb.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
  "index-Ab12_-cd.js.map": "{}",
  "dots-12345678.png": "\x89PNG",
  "deep/other-12345678.js": "export {}\n"
}

/** Writes a build into a folder, with a file beside it that nobody may have. */
export const writeBuild = (folder: string) => {
  mkdirSync(join(folder, "assets", "deep"), { recursive: true })
  writeFileSync(join(folder, "index.html"), index)
  writeFileSync(join(folder, "secret.txt"), "a secret")
  writeFileSync(join(folder, "..", "secret.txt"), "a secret")
  for (const [name, text] of Object.entries(assets)) writeFileSync(join(folder, "assets", name), text, "latin1")
}

/** A build in a folder of its own, until the test ends. */
export const makeBuild = (): URL => {
  const root = mkdtempSync(join(tmpdir(), "dashboard-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  writeBuild(join(root, "static"))
  return pathToFileURL(`${join(root, "static")}/`)
}

/**
 * The command line as it is installed, with this build, until the test ends: what links to files is told apart from them by Node.
 *
 * @param isBuilt - whether the build is there
 * @returns arguments of Node
 */
export const installProgram = (isBuilt = true): ReadonlyArray<string> => {
  const root = mkdtempSync(join(tmpdir(), "installed-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const name of ["src", "node_modules", "package.json"]) {
    symlinkSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), join(root, name))
  }
  if (isBuilt) writeBuild(join(root, "dist", "dashboard", "static"))
  return ["--preserve-symlinks", "--preserve-symlinks-main", join(root, "src", "cli", "main.ts")]
}

/** A server of it over a fake administration, until the test ends. */
export const serveDashboard = (options: Partial<HandlerOptions> = {}) => {
  const fake = makeFakeAdmin()
  const { dispose, handler } = webHandlerWith(makeBuild(), { admin: fake.admin, auth: { tokens }, ...options })
  onTestFinished(() => dispose())
  return { ...fake, handler }
}

/** What a browser sends that is to show a page. */
export const asBrowser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" }

/** Addresses of all that a page loads, as the browser finds them. */
export const loadedBy = (html: string, address: string): ReadonlyArray<string> =>
  [...html.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, found = ""]) => new URL(found, address).href)
