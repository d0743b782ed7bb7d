/** What of payloads is shown to whom, and that nothing else tells of it. */
import { assert, describe, it } from "@effect/vitest"
import type { ReceivedPayload } from "../../src/admin/model/events.ts"
import type { HandlerOptions, Role } from "../../src/admin.ts"
import { asUser, problemOf, requestOf, secrets, serve, writing } from "../support/adminRequests.ts"

const document = `{"id":12345678901234567890.10,"customer":{"email":"ada@example.com","name":"Ada"},"lines":[{"sku":"A-1","iban":"DE1"},{"sku":"B-2","iban":"DE2"}],"isPaid":true,"note":null,"__proto__":{"iban":"DE3"}}`

const seenBy = async (role: Role, options: Partial<HandlerOptions>, payload: string | null = document) => {
  const { dispose, handler } = serve(options, payload)
  const get = async (path: string) =>
    JSON.parse(await (await handler(requestOf(path, { headers: asUser(secrets[role]) }))).text())
  const event = await get("/api/v1/events/1")
  const letter = await get("/api/v1/dead-letters/1")
  await dispose()
  return {
    event,
    letter,
    shown: [event.payload, event.metadata, event.deliveries[0].payloadOverride, letter.payload, letter.metadata]
  }
}

describe("payloads", () => {
  it("are shown as they are to who may see all, to the last digit", async () => {
    const { event, letter, shown } = await seenBy("operator", {})
    assert.deepStrictEqual(shown, Array(5).fill(document))
    assert.deepStrictEqual([event.visibility, letter.visibility], ["full", "full"])
  })

  it("are shown as keys and kinds to viewers, unless said otherwise", async () => {
    const { event, letter, shown } = await seenBy("viewer", {})
    for (const text of shown) {
      assert.notMatch(text, /ada|Ada|A-1|DE1|1234|true(?! or)/)
      assert.deepStrictEqual(JSON.parse(text).customer, { email: "‹text›", name: "‹text›" })
      assert.deepStrictEqual(JSON.parse(text).id, "‹number›")
    }
    assert.deepStrictEqual([event.visibility, letter.visibility], ["masked", "masked"])
  })

  it("are not shown at all where that is said", async () => {
    const { event, letter, shown } = await seenBy("operator", { visibility: { operator: "none" } })
    assert.deepStrictEqual(shown, Array(5).fill(null))
    assert.deepStrictEqual([event.visibility, letter.visibility], ["none", "none"])
  })

  it("keep what is hidden from everybody, and change nothing else", async () => {
    const { event, letter, shown } = await seenBy("admin", { redact: ["customer.email", "*.iban"] })
    for (const text of shown) {
      assert.notMatch(text, /ada@example|DE1|DE2|DE3/)
      assert.include(text, "12345678901234567890.10")
      assert.include(text, '"name":"Ada"')
      assert.include(text, '"sku":"A-1"')
    }
    assert.deepStrictEqual([event.visibility, letter.visibility], ["masked", "masked"])
  })

  it.each([
    ["customer", /Ada|ada@/],
    ["lines", /A-1|DE1/],
    ["lines[0].sku", /A-1|B-2/],
    ["lines.sku", /A-1|B-2/],
    ["**.iban", /DE1|DE2|DE3/],
    ["**", /Ada|A-1|DE1|1234/],
    ["__proto__", /DE3/]
  ])("hide what %s leads to", async (path, secret) => {
    const { shown } = await seenBy("admin", { redact: [path] })
    for (const text of shown) assert.notMatch(text, secret)
  })

  it("may hide from some roles only", async () => {
    const options = { redact: { operator: ["customer.email"] } }
    assert.notInclude((await seenBy("operator", options)).event.payload, "ada@")
    assert.strictEqual((await seenBy("admin", options)).event.payload, document)
  })

  it("without anything hidden in them are whole", async () => {
    const { letter } = await seenBy("admin", { redact: ["customer.email"] }, '{"n": 1.0}')
    assert.strictEqual(letter.payload, '{"n": 1.0}')
    assert.strictEqual(letter.visibility, "full")
  })

  it.each([["{broken"], [`${"[".repeat(100_000)}${"]".repeat(100_000)}`]])(
    "that cannot be read are not shown",
    async (text) => {
      const { shown } = await seenBy("viewer", {}, text)
      assert.deepStrictEqual(shown, Array(5).fill(null))
    }
  )

  it("refuses paths, roles and words that there are not, so that none is thought to hide something", () => {
    for (const options of [
      { redact: ["customer..email"] },
      { redact: [""] },
      { redact: ["$.customer"] },
      { redact: ["customer['email']"] },
      { redact: ["customer.em*"] },
      { redact: { viewers: ["a"] } as never },
      { visibility: { viewer: "some" } as never },
      { visibility: { root: "full" } as never }
    ]) {
      assert.throws(() => serve(options), /Option (redact|visibility)/)
    }
  })
})

describe("what a handler gets", () => {
  const seen = async (
    role: Role,
    options: Partial<HandlerOptions>,
    received: Partial<ReceivedPayload>,
    published = document
  ) => {
    const { dispose, documents, handler } = serve(options, published)
    documents.received = received
    const text = await (
      await handler(requestOf("/api/v1/events/1/received?consumer=a", { headers: asUser(secrets[role]) }))
    ).text()
    await dispose()
    return { text, ...(JSON.parse(text) as ReceivedPayload) }
  }
  // The code of the application has made a key of one secret, and moved another.
  const upcast = {
    payload: `{"byEmail":{"ada@example.com":1},"account":"DE1","name":"Ada"}`,
    reason: null,
    problems: []
  }
  const hidden = { redact: ["customer.email", "**.iban"] }
  const secret = /ada@example|DE1|Ada/

  it("is shown as it is to who may see all", async () => {
    const { payload, reason, visibility } = await seen("operator", {}, upcast)
    assert.deepStrictEqual([payload, reason, visibility], [upcast.payload, null, "full"])
  })

  it.each<[Role, Partial<HandlerOptions>]>([
    ["viewer", {}],
    ["viewer", { visibility: { viewer: "none" } }],
    ["admin", hidden],
    ["viewer", { ...hidden, visibility: { viewer: "full" } }]
  ])("is not shown to %s with %o when it was brought to another version", async (role, options) => {
    const { payload, reason, text } = await seen(role, options, upcast)
    assert.isNull(payload)
    assert.include(reason ?? "", "shown to those only")
    assert.notMatch(text, role === "admin" || options.redact !== undefined ? /ada@example|DE1/ : secret)
  })

  it("has hidden in it what is hidden, where nothing was hidden in what it is made from", async () => {
    const { originalPayload, payload, visibility } = await seen(
      "admin",
      { redact: ["contact.email"] },
      { ...upcast, payload: `{"contact":{"email":"eve@example.com","id":12345678901234567890}}` },
      `{"email":"eve@example.com"}`
    )
    assert.strictEqual(payload, `{"contact":{"email":"‹hidden›","id":12345678901234567890}}`)
    assert.strictEqual(originalPayload, `{"email":"eve@example.com"}`)
    assert.strictEqual(visibility, "masked")
  })

  it("is not shown when it was made from what somebody edited, and something may be hidden in that", async () => {
    const edited = { ...upcast, isEdited: true }
    const { payload, text } = await seen("admin", hidden, edited, `{"public":1}`)
    assert.isNull(payload)
    assert.notMatch(text, secret)
    assert.strictEqual((await seen("admin", {}, edited)).payload, upcast.payload)
  })

  it.each(["published", "edited", "elsewhere", "unreadable"] as const)(
    "is shown as payloads are when %s",
    async (state) => {
      const stored = { state, payload: document, problems: [{ path: "email", message: `got "ada@example.com"` }] }
      const given = { ...stored, reason: `got "ada@example.com", DE1` }
      const { text: masked } = await seen("viewer", {}, state === "unreadable" ? given : stored)
      const { text: none } = await seen("viewer", { visibility: { viewer: "none" } }, { ...stored, problems: [] })
      const { payload, reason } = await seen("admin", hidden, given)
      if (state === "unreadable") {
        assert.notMatch(masked, secret)
        assert.include(reason ?? "", "Why is told to those only")
      }
      assert.notMatch(none, secret)
      assert.notMatch(payload ?? "", /ada@example|DE1/)
      assert.include(payload ?? "", "12345678901234567890.10")
      assert.strictEqual((await seen("admin", {}, given)).reason, given.reason)
    }
  )
})

describe("a search", () => {
  const search = async (role: Role, options: Partial<HandlerOptions>, query: string) => {
    const { calls, dispose, handler } = serve(options)
    const { body, status } = await problemOf(
      await handler(requestOf(`/api/v1/events?${query}`, { headers: asUser(secrets[role]) }))
    )
    await dispose()
    return { body, status, calls }
  }
  const payload = (path: string, value = "x") => `payload=${encodeURIComponent(`${path}=${value}`)}`

  it.each([
    "customer.email",
    "customer",
    "customer.email.domain",
    "customer[0].email",
    "customer.0.email",
    "0.customer.email",
    "customer.email[0]",
    "[0]",
    "0",
    "",
    ".customer.email",
    "$.customer.email",
    "$",
    "customer['email']",
    'customer["email"]',
    "customer . email",
    " customer.email",
    "customer.*",
    "*.email",
    "**.email",
    "customer.em*",
    "customer[*].email",
    "{customer,email}",
    "customer->email",
    "customer\\u002eemail",
    "lines[1].iban",
    "lines.+1.iban",
    "lines.-1.iban",
    '["customer.email"]',
    "lines.iban",
    "anything.iban"
  ])("by %s tells nothing of what is hidden", async (path) => {
    const { calls, status } = await search("admin", { redact: ["customer.email", "*.iban"] }, payload(path))
    assert.strictEqual(status, 403)
    assert.lengthOf(calls, 0)
  })

  it.each<[path: string, asked: string]>([
    ["customers.42.email", "customers.42.email"],
    ["customers.42.email", "customers[42].email"],
    ["by.2024", "by.2024"],
    ["items[0].iban", "items[7].iban"],
    ["items.*.iban", "items[0].iban"],
    ['["customer.email"]', '["customer.email"]'],
    ['customer["email"]', "customer.email"]
  ])("where %s is hidden tells nothing by %s", async (path, asked) => {
    assert.strictEqual((await search("admin", { redact: [path] }, payload(asked))).status, 403)
  })

  it("by several paths is refused if one is hidden", async () => {
    const query = `${payload("customer.name")}&${payload("customer.email")}`
    assert.strictEqual((await search("admin", { redact: ["customer.email"] }, query)).status, 403)
  })

  it.each(["customer.name", "customers.email", "id", "lines[0].sku", "lines.0.sku", "lines[0].iban.of"])(
    "by %s, which is not hidden, is done",
    async (path) => {
      const { calls, status } = await search("admin", { redact: ["customer.email", "iban"] }, payload(path))
      assert.strictEqual(status, 200)
      assert.lengthOf(calls, 1)
    }
  )

  it("through the whole text needs sight of all of it", async () => {
    assert.strictEqual((await search("admin", { redact: ["customer.email"] }, "text=ada")).status, 403)
    assert.strictEqual((await search("viewer", {}, "text=ada")).status, 403)
    assert.strictEqual((await search("admin", {}, "text=ada")).status, 200)
  })

  it("by any path needs more than a masked look", async () => {
    assert.strictEqual((await search("viewer", {}, payload("customer.name"))).status, 403)
    assert.strictEqual((await search("viewer", { visibility: { viewer: "none" } }, payload("a"))).status, 403)
    assert.strictEqual((await search("viewer", { visibility: { viewer: "full" } }, payload("a"))).status, 200)
  })
})

describe("an edit", () => {
  const edit = async (role: Role, options: Partial<HandlerOptions>, payload: string, path = "") => {
    const { calls, dispose, handler } = serve(options, payload)
    const answer = await handler(
      requestOf(`/api/v1/dead-letters/1${path}`, {
        method: path === "" ? "PATCH" : "POST",
        headers: { ...writing, ...asUser(secrets[role]) },
        body: JSON.stringify({ payload: "{}", attemptCount: 1, gaveUpAt: "2026-01-01T00:00:00.000Z" })
      })
    )
    await dispose()
    return { status: answer.status, asked: calls.map(({ asked }) => asked) }
  }

  it.each(["", "/check"])("%s is done by who sees the whole payload only", async (path) => {
    const hidden = { redact: ["customer.email"] }
    const done = path === "" ? "deadLetters.edit" : "deadLetters.check"
    assert.deepStrictEqual(await edit("operator", {}, document, path), { status: 200, asked: [done] })
    // What is looked at first is this payload: another one may have nothing that is hidden.
    assert.deepStrictEqual(await edit("admin", hidden, document, path), { status: 403, asked: ["deadLetters.get"] })
    assert.deepStrictEqual(await edit("admin", hidden, "{}", path), { status: 200, asked: ["deadLetters.get", done] })
    const masked = { visibility: { operator: "masked" } } as const
    assert.deepStrictEqual(await edit("operator", masked, document, path), { status: 403, asked: [] })
  })
})
