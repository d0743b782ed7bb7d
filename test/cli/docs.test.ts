/** docs/cli.md names the commands that there are, with flags that they have; so do other documents. */
import { readdirSync, readFileSync } from "node:fs"
import { Completions } from "effect/cli"
import { assert, describe, it } from "vitest"
import { program } from "../../src/cli/program.ts"

const root = new URL("../../", import.meta.url)

const page = readFileSync(new URL("docs/cli.md", root), "utf8")

interface Known {
  readonly path: string
  readonly flags: ReadonlyArray<string>
  /** Which lists by itself, or only shows its help. */
  readonly isGroup: boolean
}

const tree = Completions.fromCommand(program)

/** Commands with what they take, flags of all included. */
const commandsOf = (command: Completions.CommandDescriptor, path: ReadonlyArray<string>): ReadonlyArray<Known> => [
  {
    path: path.join(" "),
    flags: [...tree.flags, ...command.flags].map(({ name }) => `--${name}`),
    isGroup: command.subcommands.some(({ name }) => name === "list" || name === "find")
  },
  ...command.subcommands.flatMap((each) => commandsOf(each, [...path, each.name]))
]

const commands = tree.subcommands.flatMap((each) => commandsOf(each, [each.name]))

/** Calls of the program in code of a document, without what is after a pipe or a comment. */
const callsOf = (text: string) =>
  [...text.matchAll(/^(?:npx |\$ )effect-integration (.*)$/gm)].map(
    ([, call = ""]) => call.split(/ (?:#|\||>) /)[0] ?? ""
  )

/** What is wrong with a call; nothing if there is such a command with such flags. */
const problemOf = (call: string) => {
  const words = call.split(/\s+/)
  const known = commands.filter(({ path }) => call === path || call.startsWith(`${path} `))
  const command = known.toSorted((a, b) => b.path.length - a.path.length)[0]
  if (command === undefined || command.path === "events") return `no command: ${call}`
  const flag = words.find((word) => word.startsWith("--") && !command.flags.includes(word.split("=")[0] ?? ""))
  return flag === undefined ? undefined : `${command.path} has no ${flag}`
}

describe("docs/cli.md", () => {
  it("lists every command, and no other", () => {
    const [, table = ""] = /## Commands\n([\s\S]*?)\n## /.exec(page) ?? []
    const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path)
    assert.deepStrictEqual(
      listed.toSorted(),
      commands.flatMap(({ isGroup, path }) => (isGroup ? [] : [path])).toSorted()
    )
  })

  it("names flags in backticks that there are", () => {
    const flags = new Set(commands.flatMap((each) => each.flags))
    const named = [...page.matchAll(/`(?:[a-z -]*)(--[a-z-]+)`/g)].map(([, flag = ""]) => flag)
    assert.isAtLeast(named.length, 10)
    assert.deepStrictEqual(
      named.filter((flag) => !flags.has(flag) && flag !== "--help"),
      []
    )
  })
})

describe("calls in documents", () => {
  it("are found out when they are wrong", () => {
    assert.strictEqual(problemOf("status --wach"), "status has no --wach")
    assert.strictEqual(problemOf("events --name a"), "no command: events --name a")
    assert.strictEqual(problemOf("nothing"), "no command: nothing")
    assert.strictEqual(problemOf("errors show 1 --json"), undefined)
    assert.strictEqual(problemOf("errors --open"), undefined)
  })

  it("are those of commands and flags that there are", () => {
    const documents = ["README.md", ...readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`)]
    const calls = documents
      .filter((name) => /\.(md|txt)$/.test(name))
      .flatMap((name) => callsOf(readFileSync(new URL(name, root), "utf8")))
    assert.isAtLeast(calls.length, 12)
    assert.deepStrictEqual(
      calls.flatMap((call) => problemOf(call) ?? []),
      []
    )
  })
})
