/** What is the same about messages of the same failure: the rule, and that no message makes it slow. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { placeOf } from "../../src/errors/errorText.ts"
import { groupOf, isFingerprint } from "../../src/model/errorFingerprint.ts"
import { maxTemplate, templateOf } from "../../src/model/errorTemplate.ts"

const titleOf = (text: string) => templateOf(text).title

describe("the rule", () => {
  it.each([
    ["Invoice 42 is 1,234.56 of -5 (10:04:59)", "Invoice <number> is <number 2> of <number 3> (<number 4>)"],
    ["no rates for 1, 2,3 and 7 8", "no rates for <number> and <number 2>"],
    ["took 12ms, v1.2.3, try 1.5e-10", "took <number>ms, v<number 2>, try <number 3>"],
    ["user_42 of utf8 and x2y", "user_<number> of utf<number 2> and x<number 3>y"],
    ["key 018f3a2b-1111-7222-8333-0123456789ab twice", "key <uuid> twice"],
    ["key 018F3A2B-1111-7222-8333-0123456789AB,018f3a2b-1111-7222-8333-0123456789ab", "key <uuid>"],
    ["commit deadbeef12 at 0xff of cafe babe", "commit <hex> at <hex 2> of cafe babe"],
    ["id 01ARZ3NDEKTSV4RRFFQ69G5FAV of ckopqwooh000001la8mbi2im9", "id <id> of <id 2>"],
    ["mail to ann.b+c@mail.example.com. Bounced", "mail to <email>. Bounced"],
    ["at 2026-11-27T21:08:33.123Z or 2026-11-27 21:08:33+01:00 or 2026-11-27", "at <date> or <date 2> or <date 3>"],
    [`${new Date(0)} and ${new Date(0).toUTCString()}`, "<date> and <date 2>"],
    ["open '/var/lib/a b.txt' or /var/lib/a.txt: no", "open <text> or <path>: no"],
    ["read ./a/b.json, ~/c, C:\\d\\e.txt", "read <path>"],
    ["and/or text/html 1/2", "and/or text/html <number>/<number 2>"],
    [
      "GET https://ann:secret@api.example.com:8443/v1/x?id=4#y, 502",
      "GET https://api.example.com:<number><path>, <number 2>"
    ],
    ["GET https://api.example.com failed", "GET https://api.example.com failed"],
    ["file:///srv/app/x.js is missing", "file://<path> is missing"],
    ["can't read 'x' of `y`, it's \"z\"", "can't read <text> of <text 2>, it's <text 3>"],
    ["one of 'a', 'b' or 'c'", "one of <text> or <text 2>"],
    ['{"id":42,"name":"x"}', "{<text>:<number>,<text 2>:<text 3>}"],
    ["größer als 5 €, „Müller“ statt «Meier»", "größer als <number> €, <text> statt <text 2>"],
    ["первый 1, 二 2 🙂", "первый <number>, 二 <number 2> 🙂"],
    ["one\n\n   two\t three  ", "one\ntwo three"],
    ["", ""]
  ])("%j", (text, title) => {
    assert.strictEqual(titleOf(text), title)
  })

  it("gives back what it left out, as it stands in the message", () => {
    assert.deepStrictEqual(templateOf('Invoice 42 of "ann", 1, 2 and 3').leftOut, [
      { placeholder: "<number>", value: "42" },
      { placeholder: "<text>", value: '"ann"' },
      { placeholder: "<number 2>", value: "1, 2" },
      { placeholder: "<number 3>", value: "3" }
    ])
  })
})

const values = {
  uuid: Schema.String.check(Schema.isUUID()),
  number: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  words: Schema.Array(Schema.Literals(["no", "rate", "für", "中文", "of", "it"])).check(Schema.isMaxLength(6))
}

describe("messages", () => {
  it.prop(
    "that differ in what is left out only have the same title",
    { ...values, other: values.number, otherUuid: values.uuid },
    ({ number, other, otherUuid, uuid, words }) => {
      const said = words.join(" ")
      const message = (n: number, id: string) =>
        `${said} Invoice ${n} of ${id}: "${n}" ${said} /tmp/${n}/${id}.txt, ann${n}@example.com ${new Date(n * 1e6).toISOString()}`
      assert.strictEqual(titleOf(message(number, uuid)), titleOf(message(other, otherUuid)))
      const shown = templateOf(message(number, uuid)).leftOut.map(({ value }) => value)
      assert.include(shown, String(number))
      assert.include(shown, uuid)
      assert.include(shown, `"${number}"`)
    }
  )

  it.prop("of words alone are their own title", { words: values.words }, ({ words }) => {
    assert.strictEqual(titleOf(words.join(" ")), words.join(" "))
  })

  it.prop(
    "of any characters have a title that can be stored, and nothing left out that is not in them",
    {
      text: Schema.Array(
        Schema.Literals([
          "a",
          "1",
          "'",
          '"',
          "`",
          "/",
          ".",
          "-",
          "@",
          ":",
          " ",
          "\n",
          "\ud83d",
          "\u0000",
          "(",
          "“",
          "»",
          "\\",
          "x0",
          "a1b2",
          "http://"
        ])
      )
    },
    ({ text }) => {
      const message = text.join("")
      const { leftOut, title } = templateOf(message)
      assert.isAtMost(title.length, maxTemplate)
      assert.isTrue(title.isWellFormed())
      assert.deepStrictEqual(templateOf(message), { leftOut, title })
      for (const { value } of leftOut) assert.isTrue(message.toWellFormed().includes(value))
    }
  )

  // A rule that is slow for one of them takes minutes here, not milliseconds.
  const units = [
    "1",
    "a",
    "a1",
    '"',
    "'",
    "'a ",
    "'a'a",
    "\u201c",
    "a@",
    "a@a",
    "/",
    "/.",
    "/a ",
    "1,",
    "1, ",
    "1:",
    "1e",
    "-1",
    "-",
    " ",
    "\n"
  ]
  const longer = [
    "http://",
    "a://b@",
    "http://a ",
    "deadbeef1 ",
    "2024-01-02 ",
    "018f3a2b-1111-",
    "\\\\a",
    "C:\\",
    "Mon, ",
    "\ud83d",
    "x'",
    "`a",
    "«"
  ]
  it.each([...units, ...longer])("of a megabyte of %j are read", (unit) => {
    const hostile = unit.repeat(1_000_000 / unit.length)
    assert.isAtMost(titleOf(hostile).length, maxTemplate)
    assert.isAtMost(titleOf(`${hostile}x`).length, maxTemplate)
  })
})

describe("fingerprints", () => {
  const failure = { consumer: "a", errorTag: "NoRate", text: "no rate for 1", place: "rateOf@rates" }

  it("are of consumer, tag, title and place", () => {
    const { fingerprint } = groupOf(failure)
    assert.isTrue(isFingerprint(fingerprint))
    // Whoever changes it changes the rule's version.
    assert.strictEqual(fingerprint, "1147077535316964698")
    assert.strictEqual(groupOf({ ...failure, text: "no rate for 2" }).fingerprint, fingerprint)
    const others = [{ consumer: "b" }, { errorTag: "Other" }, { text: "no rates for 1" }, { place: undefined }]
    for (const other of others) assert.notStrictEqual(groupOf({ ...failure, ...other }).fingerprint, fingerprint)
  })

  it("are told from other texts", () => {
    for (const text of ["", "x", "-1", "1.5", "9223372036854775808", "12345678901234567890"]) {
      assert.isFalse(isFingerprint(text))
    }
    assert.isFalse(isFingerprint(5))
    assert.isTrue(isFingerprint("9223372036854775807"))
  })

  it("are the same on two hosts, and of two builds", () => {
    const places = [
      "    at createTask (file:///srv/app/dist/handlers/tasks.js:12:5)",
      "    at createTask (file:///home/ann/app/src/handlers/tasks.ts:99:17)",
      "    at createTask (C:\\apps\\dist\\tasks.mjs:1:1)",
      "    at async createTask (/srv/tasks.js:12:5)",
      "    at Object.createTask [as handler] (/srv/tasks.cjs?t=17:12:5)"
    ].map((frame) => placeOf(`NoRate: no rate\n${frame}\n    at other (/srv/b.js:1:1)`))
    assert.deepStrictEqual(new Set(places), new Set(["createTask@tasks"]))
    assert.strictEqual(placeOf("    at file:///srv/app/chunk-4F2KD9QX.js:1:5"), "@chunk-*")
    assert.strictEqual(placeOf("    at file:///srv/app/chunk-AB2KD7Q1.js:7:5"), "@chunk-*")
    assert.strictEqual(placeOf("    at Array.map (<anonymous>)\n    at run (/srv/a.js:1:2)"), "run@a")
    assert.isUndefined(placeOf("NoRate: no rate"))
  })
})
