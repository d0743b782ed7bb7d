/**
 * The page and its assets, read once: what is not in the folder then cannot be asked for.
 *
 * @internal
 */
import { readdirSync, readFileSync } from "node:fs"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { DashboardNotBuilt } from "./notBuilt.ts"

/** One file that the page loads. */
export interface Asset {
  readonly contentType: string
  readonly bytes: Uint8Array
  /** Whether it becomes smaller when it is compressed. */
  readonly isText: boolean
}

/** What is served. */
export interface Files {
  /** With places for what differs from request to request. */
  readonly page: string
  /** By their path below `assets/`. */
  readonly assets: ReadonlyMap<string, Asset>
}

const contentTypes: Readonly<Record<string, readonly [type: string, isText: boolean]>> = {
  ".js": ["text/javascript; charset=utf-8", true],
  ".css": ["text/css; charset=utf-8", true],
  ".svg": ["image/svg+xml", true],
  ".map": ["application/json", true],
  ".json": ["application/json", true],
  ".txt": ["text/plain; charset=utf-8", true],
  ".png": ["image/png", false],
  ".webp": ["image/webp", false],
  ".ico": ["image/x-icon", false],
  ".woff2": ["font/woff2", false]
}

const assetOf = (file: string): Asset => {
  const [contentType, isText] = contentTypes[extname(file).toLowerCase()] ?? ["application/octet-stream", false]
  return { contentType, bytes: new Uint8Array(readFileSync(file)), isText }
}

/** Where the build puts them: seen from `src` as from the compiled files. */
export const builtFolder = new URL("../../dist/dashboard/static/", import.meta.url)

/** @throws DashboardNotBuilt */
export const readFiles = (folder: URL): Files => {
  const root = fileURLToPath(folder)
  try {
    const assets = join(root, "assets")
    const found = readdirSync(assets, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return {
      page: readFileSync(join(root, "index.html"), "utf8"),
      assets: new Map(
        found.map((entry) => {
          const file = join(entry.parentPath, entry.name)
          return [file.slice(assets.length + 1).replaceAll("\\", "/"), assetOf(file)]
        })
      )
    }
  } catch (error) {
    throw new DashboardNotBuilt({ folder: root, reason: error instanceof Error ? error.message : String(error) })
  }
}
