/** The command line on a terminal: shapes and colours, tables that fit, questions, and what is redrawn. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { hasTerminals, runHere, runOnTerminal } from "../support/commandLine.ts"
import { fakeAdmin, serveAdmin } from "../support/scriptedAdmin.ts"

const timeout = 180_000

const escape = "\u001b"

/** Colours, erasing to the end of line or screen, the first place, and the cursor shown or hidden: what we write ourselves. */
const ours = new RegExp(`${escape}\\[(?:[0-9;]*m|K|J|2J|H|\\?25[lh])`, "g")

const plain = (text: string) => text.replace(ours, "")

describe.skipIf(!hasTerminals)("on a terminal", { timeout }, () => {
  const { admin, calls } = fakeAdmin()
  let served: Awaited<ReturnType<typeof serveAdmin>>

  beforeAll(async () => {
    served = await serveAdmin(admin)
  })
  afterAll(() => served.close())

  it("states have a shape, a word and a colour; nothing that others wrote is obeyed; lines fit", async () => {
    const { code, out } = await runOnTerminal(["status", "--url", served.url], { columns: 72 })
    assert.strictEqual(code, 0)
    assert.include(out, `${escape}[31m■ gave up`)
    assert.match(plain(out), /crm\.mail +■ gave up/)
    assert.include(out, "\\x1b[31mred\\x1b]0;title\\x07\\x9b2J\\u202eevil")
    assert.notInclude(plain(out), escape)
    for (const line of plain(out).split("\n").slice(4)) assert.isAtMost([...line].length, 72, line)
  })

  it("NO_COLOR and a dumb terminal have none", async () => {
    const dumb = await runOnTerminal(["consumers", "list", "--url", served.url], { env: { TERM: "dumb" } })
    assert.notInclude(dumb.out, escape)
    const bare = await runOnTerminal(["consumers", "list", "--url", served.url], { env: { NO_COLOR: "1" } })
    assert.notInclude(bare.out, escape)
    assert.match(bare.out, /crm\.mail +■ gave up/)
  })

  it("a question is asked before many are requeued, and yes goes on with a bar that is redrawn", async () => {
    const given = ["dead-letters", "requeue", "--consumer", "crm.mail", "--url", served.url]
    const { code, out } = await runOnTerminal(given, { columns: 120, answers: [[/\(y\/N\)/, "y"]] })
    assert.match(plain(out), /Requeue 1,204 dead letters, 5 first/)
    assert.include(plain(out), "█".repeat(24))
    assert.match(plain(out), /● finished 1,204 of 1,204 requeued/)
    assert.strictEqual(code, 0)
    assert.strictEqual(calls.at(-1)?.[0], "operations.start")
  })

  it("no is no", async () => {
    const before = calls.length
    const given = ["dead-letters", "discard", "delivery-1", "--url", served.url]
    const { code, out } = await runOnTerminal(given, { answers: [[/\(y\/N\)/, "n"]] })
    assert.strictEqual(code, 1)
    assert.include(out, "Nothing was done.")
    assert.strictEqual(calls.length, before)
  })

  it("a payload is edited in an editor, and asked about", async () => {
    const given = ["dead-letters", "edit", "delivery-1", "--url", served.url]
    const { code, out } = await runOnTerminal(given, {
      env: { EDITOR: "sed -i s/9007199254740993/9007199254740995/" },
      answers: [[/\(y\/N\)/, "y"]]
    })
    assert.strictEqual(code, 0, out)
    const [what, delivery, edit] = calls.at(-1) ?? []
    assert.deepStrictEqual([what, delivery], ["deadLetters.edit", "delivery-1"])
    assert.include(String((edit as { readonly payload: string }).payload), '"amount": 9007199254740995,')
  })

  it("watching redraws, and gives the cursor back when it is interrupted", async () => {
    const { code, out } = await runOnTerminal(["status", "--watch", "--every", "1s", "--url", served.url], {
      answers: [[/(?:Needs attention[\s\S]*){2}/, "\u0003"]]
    })
    assert.strictEqual(code, 130)
    assert.include(out, `${escape}[H`)
    assert.isTrue(out.trimEnd().endsWith(`${escape}[?25h`), JSON.stringify(out.slice(-40)))
  })
})

describe("completions", { timeout }, () => {
  it("complete commands and flags in bash", async () => {
    const { out } = await runHere(["completions", "bash"])
    // As bash calls it, while somebody types.
    const line = (words: string) =>
      [
        `COMP_LINE="effect-integration ${words}"; COMP_POINT=\${#COMP_LINE}`,
        `COMP_WORDS=(effect-integration ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`,
        `_effect_integration effect-integration "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"`,
        `echo "\${COMPREPLY[@]}"`
      ].join("\n")
    const complete = async (words: string) =>
      (await promisify(execFile)("bash", ["-c", `${out}\n${line(words)}`])).stdout.trim().split(/\s+/)
    assert.include(out, "effect-integration completions bash")
    assert.include(await complete("dead"), "dead-letters")
    assert.include(await complete("dead-letters re"), "requeue")
    assert.include(await complete("status --wa"), "--watch")
  })

  it("are there for zsh and fish, too", async () => {
    assert.match((await runHere(["completions", "zsh"])).out, /^#compdef effect-integration/)
    const fish = await runHere(["completions", "fish", "--json"])
    assert.include(JSON.parse(fish.out).script, "complete -c effect-integration")
    assert.include(JSON.parse(fish.out).script, "dead-letters")
  })
})
