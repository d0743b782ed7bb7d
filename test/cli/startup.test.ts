/** Help is there at once: nothing that is not needed for it is loaded with it. */
import { readFileSync } from "node:fs"
import { assert, it } from "vitest"

const source = new URL("../../src/", import.meta.url)

/** What a file loads when it is loaded: imports of types are erased, and those within functions come later. */
const loadedBy = (text: string) =>
  [...text.matchAll(/^(?:import|export)\b(?! type\b)([^"'`;]*?)\bfrom "([^"]+)"/gm)].flatMap(
    ([, names = "", from = ""]) => {
      const own = names.replace(/[{}]/g, "").split(",")
      return own.every((name) => /^\s*(?:type\s.*)?$/.test(name)) ? [] : [from]
    }
  )

/** All that a file loads, with what that loads. */
const allLoadedBy = (first: string) => {
  const found = new Set<string>()
  const todo = [new URL(first, source).href]
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    for (const target of loadedBy(readFileSync(new URL(file), "utf8"))) {
      const name = target.startsWith(".") ? new URL(target, file).href : target
      if (found.has(name)) continue
      found.add(name)
      if (target.startsWith(".")) todo.push(name)
    }
  }
  return [...found].map((name) => name.replace(source.href, ""))
}

it("loads neither the engine nor the administration", () => {
  const loaded = allLoadedBy("cli/main.ts")
  assert.includeMembers(loaded, ["cli/program.ts", "effect/cli", "cli/commands/looking.ts"])
  const own = loaded.filter((name) => name.endsWith(".ts"))
  assert.deepStrictEqual(
    own.filter((name) => !/^cli\/(?:[a-zA-Z]+|commands\/[a-z]+|output\/[a-z]+)\.ts$/.test(name)),
    []
  )
  assert.sameMembers(
    loaded.filter((name) => !name.endsWith(".ts") && !name.startsWith("node:") && !name.startsWith("@effect/platform")),
    ["effect", "effect/cli"]
  )
  // What it would load otherwise is found.
  assert.include(allLoadedBy("cli/actions/doctor.ts"), "effect/http")
})
