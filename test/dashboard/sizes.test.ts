/** What a browser loads at the start, and what later, counted from what Vite says of its build. */
import { assert, describe, it } from "@effect/vitest"
import { limits, type Manifest, partsOf, tableOf, tooLarge } from "../../scripts/dashboardSizes.ts"

const manifest: Manifest = {
  "index.html": { file: "assets/index.js", isEntry: true, imports: ["_vendor.js"], css: ["assets/index.css"] },
  "_vendor.js": { file: "assets/vendor.js", imports: ["_deep.js"] },
  "_deep.js": { file: "assets/deep.js", imports: ["_vendor.js"], css: ["assets/index.css", "assets/deep.css"] },
  "src/Map.tsx": {
    file: "assets/Map.js",
    imports: ["_vendor.js", "_graph.js"],
    css: ["assets/Map.css", "assets/index.css"]
  },
  "_graph.js": { file: "assets/graph.js" },
  "src/icon.svg": { file: "assets/icon.svg" }
}

const sizes: Readonly<Record<string, number>> = {
  "assets/index.js": 1000,
  "assets/vendor.js": 200,
  "assets/deep.js": 30,
  "assets/index.css": 4,
  "assets/deep.css": 0.5,
  "assets/Map.js": 70,
  "assets/Map.css": 8,
  "assets/graph.js": 90
}

const sizeOf = (file: string) => sizes[file] ?? Number.NaN

describe("sizes of the dashboard", () => {
  it("are of the start with all that it imports, each file once, and of each chunk that comes later", () => {
    assert.deepStrictEqual(partsOf(manifest, sizeOf), [
      { name: "start", bytes: 1234.5, limit: limits.start },
      { name: "assets/graph.js", bytes: 90, limit: limits.later },
      { name: "assets/Map.js", bytes: 78, limit: limits.later }
    ])
  })

  it("are too large beyond their limits only, and then it is said", () => {
    const parts = (start: number, later: number) =>
      partsOf(manifest, (file) => (file.includes("graph") ? later : file === "assets/index.js" ? start : 0))
    assert.deepStrictEqual(tooLarge(parts(200_000, 120_000)), [])
    const names = (start: number, later: number) => tooLarge(parts(start, later)).map(({ name }) => name)
    assert.deepStrictEqual(names(200_001, 120_000), ["start"])
    assert.deepStrictEqual(names(200_000, 120_001), ["assets/graph.js"])
    assert.match(
      tableOf(parts(200_001, 5)),
      /^start +200\.0 kB of 200\.0 kB {2}TOO LARGE\nassets\/graph\.js +0\.0 kB of/
    )
  })

  it("cannot be told without an entry", () => {
    assert.throws(() => partsOf({}, sizeOf), /no entry/)
  })
})
