/** Every command over a running process: what it says, as JSON too, and its exit code. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { run, runHere } from "../support/commandLine.ts"
import { at, exactPayload, fakeAdmin, serveAdmin } from "../support/scriptedAdmin.ts"

const timeout = 60_000

const { admin, calls } = fakeAdmin()

let served: Awaited<ReturnType<typeof serveAdmin>>

beforeAll(async () => {
  served = await serveAdmin(admin)
}, timeout)

afterAll(() => served.close())

const ask = (...given: ReadonlyArray<string>) => runHere(["--url", served.url, ...given])

// What a terminal obeys: all of C0 but line feeds, all of C1, and what turns text round.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

// biome-ignore lint/suspicious/noExplicitAny: JSON of any command
type Any = any

/** Commands, what their text has, what their JSON has, and their exit code. */
const commands: ReadonlyArray<
  readonly [given: string, text: ReadonlyArray<string | RegExp>, has: (data: Any) => boolean, code?: number]
> = [
  [
    "status",
    [
      "Needs attention",
      "Consumer crm.mail lags 4 min",
      /failed 1 h +p95 1 h/,
      /crm\.mail +gave up +3 +4 min 5 s +3 % +550 ms +42/,
      "10,000+"
    ],
    (data) => data.migrations === null && data.overview.consumers.length === 3
  ],
  [
    "doctor",
    ["Cause: No process subscribes.", "2 checks: 1 error, 1 notice."],
    (data) => data.findings.length === 2,
    2
  ],
  [
    "events find --name invoice.* --payload customer.id=42 --since 2h",
    [/invoice\.created.* v2 +finance\/Invoice\/42 +1 gave up, 1 processed +event-1/],
    // The search went on by itself.
    (data) => data.looked === 50_700 && data.found[0].id === "event-1" && data.isComplete
  ],
  [
    "events show event-1",
    [
      /"amount": 9007199254740993,/,
      /crm\.mail +gave up +5/,
      "\nAttempts\n",
      /operations\.tasks +1 +failed/,
      /operations\.tasks +2 +succeeded/,
      /parked behind/
    ],
    (data) => data.payload === exactPayload
  ],
  [
    "events show event-1 --as crm.mail",
    [/invoice\.created v1/, /gets +v2/, /brought to the version of its handler/, /"cents": 7/],
    (data) => data.state === "upcast" && data.payload === '{"cents":7}'
  ],
  [
    "events show event-1 --as finance.ledger",
    [/payload +cannot be read/, /^at cents: Expected an integer/m],
    (data) => data.state === "unreadable",
    2
  ],
  [
    "events show event-1 --as nobody",
    [/payload +not known here/, /has no handler/],
    (data) => data.receivedVersion === null,
    1
  ],
  [
    "trace event-1",
    [/^order\.placed v1/, /├─ invoice\.created v1 .*\(asked for\)/, /│ {2}└─ task\.created v1/, "link reference"],
    (data) => data.events.length === 4
  ],
  [
    "links finance/Invoice/42",
    [/finance\/Invoice\/42 +reference +operations\/Task\/7/],
    (data) => data.items.length === 1
  ],
  ["links finance/Invoice/42 --hops 2", [/1 +operations\/Task\/7/], (data) => data.isComplete],
  [
    "links finance/Invoice/42 --life",
    [/finance\/Invoice\/42 +invoice\.created +event-1/],
    (data) => data.moments.length === 1
  ],
  [
    "audit --who ana",
    [/ana +operator +consumers\.pause +crm\.mail/],
    (data) => data.items[0].action === "consumers.pause"
  ],
  [
    "errors list --open",
    [/new +MailError: refused <text> +crm\.mail +1,000\+ +3/],
    (data) => data.items[0].gaveUp === 1001
  ],
  [
    "errors show 8213394420313",
    ["at send (mail.ts:1:1)", /behind them +7 parked/, /<text>: ana/],
    (data) => data.differs.length === 1
  ],
  [
    "errors list --consumer over",
    [/new, none left +MailError: refused <text> +crm\.mail +0 +0/],
    (data) => data.items[0].state === "new"
  ],
  [
    "errors show 77",
    [/state +new, none left: no delivery gave up with it, or is retried/],
    (data) => data.gaveUp === 0
  ],
  ["errors resolve 8213394420313", ["Resolved: MailError"], (data) => data.fingerprint === "8213394420313"],
  ["errors ignore 8213394420313 --for 7d", [/Ignored until 20\d\d/], (data) => data.fingerprint === "8213394420313"],
  ["errors know 8213394420313", ["Known: MailError"], (data) => data.fingerprint === "8213394420313"],
  ["errors note 8213394420313 seen", ["Noted: MailError"], (data) => data.fingerprint === "8213394420313"],
  ["dead-letters list", [/crm\.mail +invoice\.created v2 +5 +MailError/], (data) => data.items.length === 1],
  [
    "dead-letters show delivery-1",
    [/"amount": 9007199254740993,/, "Attempts"],
    (data) => data.payload === exactPayload
  ],
  ["dead-letters requeue delivery-1", ["Requeued 1 dead letter."], (data) => data.affected === 1],
  ["dead-letters discard delivery-1 --yes", ["Discarded 1 dead letter."], (data) => data.affected === 1],
  [
    "dead-letters requeue --consumer crm.mail --dry-run",
    ["This would requeue 1,204 dead letters."],
    (data) => data.count === 1204
  ],
  [
    "dead-letters requeue --all --detach --yes",
    ["Operation operation-1 has begun."],
    (data) => data.id === "operation-1"
  ],
  ["operations list", [/requeue +running +600 +1,204 +0 +ana +operation-1/], (data) => data.items.length === 1],
  ["operations show operation-1", [/reason +key is set/, '{"consumer":"crm.mail"}'], (data) => data.by === "ana"],
  ["operations stop operation-1 --reason enough", ["Stopped: 600 of 1,204 done."], (data) => data.state === "stopped"],
  ["consumers list", [/crm\.mail +gave up +1 +0 +0 +3 +0 +42/], (data) => data[0].consumer === "crm.mail"],
  [
    "consumers show billing.sync",
    [/paused +2026-11-27T14:00:00\.000Z by Ana: stocktaking/, "10,000+", /invoice\.\* +up to 2 +0 +yes/],
    (data) => data.pausedBy === "Ana"
  ],
  [
    "consumers show billing.sync",
    [
      /mode +transactional +default +all/,
      /attempts +5 +code +one/,
      /attempts +- +unknown +two/,
      /timeout +24 s +setting processingLeaseMs: stored/
    ],
    (data) => data.rules.length === 3
  ],
  [
    "consumers show billing.sync",
    [/invoice\.paid.* +event-2 +finance\/Invoice\/\S+ +retrying +3 +2026/, "there may be older ones"],
    (data) => data.oldest.deliveries.length === 1 && data.oldest.isCut
  ],
  ["consumers pause crm.mail --reason stop", ["Paused: crm.mail."], (data) => data.consumer === "crm.mail"],
  ["consumers resume crm.mail", ["Resumed: crm.mail. 3 open."], (data) => data.consumer === "crm.mail"],
  ["consumers retire crm.mail --yes", [/delivery-9 +invoice\.created +event-9/], (data) => !data.isRetired, 1],
  [
    "consumers retire crm.mail --skip-open --yes",
    ["Ended 1 subscription; 3 deliveries skipped."],
    (data) => data.isRetired
  ],
  ["settings list", [/core\.integration\.outbox\.maxAttempts +5 +default +5 +1 to 100/], (data) => data[0].value === 5],
  [
    "settings set maxAttempts 7",
    ["core.integration.outbox.maxAttempts is 7, from stored."],
    (data) => data.value === 7
  ],
  [
    "settings unset core.integration.outbox.maxAttempts",
    ["core.integration.outbox.maxAttempts is 5, from default."],
    (data) => data.value === 5
  ],
  ["settings history maxAttempts", [/7 +unset +ana.* slow/], (data) => data[0].value === 7],
  ["contracts list", [/invoice\.created +1 +finance +Invoice/], (data) => data[0].version === 1],
  ["contracts map", [/^flowchart LR/, "crm.mail"], (data) => data.mermaid.startsWith("flowchart")],
  ["contracts asyncapi --title Shop", ['"asyncapi": "3.0.0"'], (data) => data.info.title === "Shop"]
]

describe("as text, and as JSON", { timeout }, () => {
  for (const [given, text, has, code = 0] of commands) {
    it(given, async () => {
      const plain = await ask(...given.split(" "))
      const json = await ask(...given.split(" "), "--json")
      for (const part of text) {
        if (typeof part === "string") assert.include(plain.out, part)
        else assert.match(plain.out, part)
      }
      assert.isTrue(has(JSON.parse(json.out)), json.out)
      assert.deepStrictEqual([plain.code, json.code, json.err], [code, code, ""])
      for (const said of [plain.out, plain.err, json.out]) assert.notMatch(said, obeyed)
    })
  }
})

describe("what is asked for is what was said", { timeout }, () => {
  const callsOf = async (...given: ReadonlyArray<string>) => {
    const before = calls.length
    const ended = await ask(...given)
    return { ended, asked: calls.slice(before) }
  }

  it("a filter, a canary, a pace and a reason", async () => {
    const { asked, ended } = await callsOf(
      ..."dead-letters requeue --consumer crm.mail --event invoice.* --error 8213394420313 --aggregate finance/Invoice/4/2".split(
        " "
      ),
      ..."--canary 20 --pace 30 --cut-off 2026-11-27T14:00Z --reason fixed --yes --detach".split(" ")
    )
    assert.strictEqual(ended.code, 0)
    assert.deepStrictEqual(asked, [
      [
        "operations.start",
        {
          kind: "requeue",
          filter: {
            consumer: "crm.mail",
            eventName: "invoice.*",
            fingerprint: "8213394420313",
            aggregate: { module: "finance", entityType: "Invoice", entityId: "4/2" }
          },
          cutOff: new Date("2026-11-27T14:00Z"),
          canary: 20,
          pace: 30,
          reason: "fixed"
        }
      ]
    ])
  })

  it("some are tried first when many are requeued, not when they are discarded; several ids are an operation", async () => {
    const requeued = await callsOf("dead-letters", "requeue", "--tag", "MailError", "--yes", "--detach")
    assert.deepStrictEqual(requeued.asked, [
      ["operations.start", { kind: "requeue", filter: { errorTag: "MailError" }, canary: 5 }]
    ])
    const discarded = await callsOf("dead-letters", "discard", "a", "b", "--yes", "--detach")
    assert.deepStrictEqual(discarded.asked, [
      ["operations.start", { kind: "discard", filter: { deliveryIds: ["a", "b"] } }]
    ])
  })

  it("an edited payload is sent as it was written, with what it was made from", async () => {
    const edit = ["dead-letters", "edit", "delivery-1", "--payload", "-"]
    const before = calls.length
    const done = await run(["--url", served.url, ...edit, "--reason", "typo"], { input: `${exactPayload}\n` })
    assert.deepStrictEqual([done.code, done.out], [0, "Requeued with another payload, which only crm.mail sees.\n"])
    assert.deepStrictEqual(calls.slice(before), [
      ["deadLetters.edit", "delivery-1", { payload: exactPayload, attemptCount: 5, gaveUpAt: at, reason: "typo" }]
    ])
    const checked = await run(["--url", served.url, ...edit, "--check"], { input: "{}" })
    assert.deepStrictEqual([checked.code, checked.err], [2, ""])
    assert.include(checked.out, "line 1, at amount: Missing key")
    const refused = await run(["--url", served.url, ...edit], { input: "{}" })
    assert.deepStrictEqual([refused.code, refused.out], [1, ""])
    assert.match(refused.err, /^This payload does not do:\nline 1, at amount: Missing key\nNothing was done\.\n$/)
  })
})

describe("before many are changed somebody is asked", { timeout }, () => {
  it.each([
    [
      "dead-letters requeue --consumer crm.mail",
      "Requeue 1,204 dead letters, 5 first and the rest only if none of those fails again? Order is kept by crm.mail."
    ],
    [
      "dead-letters discard --all",
      "Discard 1,204 dead letters? Order is kept by crm.mail. Their handlers will never see them."
    ],
    [
      "dead-letters discard delivery-1 --json",
      "Discard the dead letter of invoice.created for crm.mail? Its handler will never see it."
    ],
    ["consumers retire crm.mail --skip-open", "End all subscriptions of crm.mail? Up to 3 open deliveries are skipped."]
  ])("%s: where nobody can answer, nothing is done", async (given, question) => {
    const before = calls.length
    const { code, err, out } = await ask(...given.split(" "))
    assert.deepStrictEqual([code, out], [1, ""])
    assert.include(
      err,
      `Nothing was done: nobody can be asked here. Add --yes if the answer is yes to: ${question.slice(0, 20)}`
    )
    assert.deepStrictEqual(calls.slice(before), [])
  })

  it("neither ids nor a filter are not all", async () => {
    const { code, err } = await ask("dead-letters", "discard", "--yes")
    assert.strictEqual(code, 1)
    assert.match(err, /^Which dead letters\? Give ids, a filter/)
  })
})
