/** The dashboard's map: who gets what, what is near a search, and modules shown as one. */

import { assert, describe, it } from "@effect/vitest"
import { focused, graphOf } from "../../dashboard/src/screens/map/graph.ts"
import { mermaidOf } from "../../dashboard/src/screens/map/mermaid.ts"
import { type Answers, modelOf } from "../../dashboard/src/screens/map/model.ts"
import { noDepth } from "../../src/admin/answers/consumers.ts"

const at = "2026-11-28T01:00:00.000Z"

type Flow = Answers["flows"][number]

const flow = (eventName: string, consumer: string | null, some: Partial<Flow> = {}): Flow => ({
  eventName,
  schemaVersion: 1,
  consumer,
  published: consumer === null ? 60 : 0,
  processed: consumer === null ? 0 : 60,
  retried: 0,
  skipped: 0,
  gaveUp: 0,
  lastAt: at,
  ...some
})

const contract = (eventName: string, sourceModule: string): Answers["contracts"][number] => ({
  eventName,
  version: 1,
  sourceModule,
  aggregateType: "Thing",
  owner: null,
  deprecated: null,
  jsonSchema: {},
  fingerprint: "f",
  hasUp: false,
  hasDown: false,
  firstSeenAt: at,
  lastSeenAt: at
})

const consumer = (
  name: string,
  events: ReadonlyArray<string>,
  servedBy: ReadonlyArray<string> = ["replica"]
): Answers["consumers"][number] => ({
  consumer: name,
  ordering: "none",
  pausedAt: null,
  pausedBy: null,
  pauseReason: null,
  coolUntil: null,
  lastSeenAt: at,
  servedBy,
  subscriptions: events.map((event) => ({ event, priority: 0, isServed: true })),
  depth: noDepth
})

const small = modelOf({
  contracts: [contract("invoice.created", "finance"), contract("invoice.paid", "finance"), contract("lonely", "crm")],
  flows: [
    flow("invoice.created", null),
    flow("invoice.created", "crm.mail", { gaveUp: 1 }),
    flow("invoice.paid", "crm.mail", { retried: 30 })
  ],
  consumers: [consumer("crm.mail", ["invoice.*"]), consumer("stock.shelf", ["invoice.paid"], [])]
})

const nodeOf = (id: string) => graphOf(small, new Set()).nodes.find((node) => node.id === id)

describe("the map", () => {
  it("joins a pattern with each event that it covers, also where nothing flowed", () => {
    const pairs = small.connections.map(({ consumer, event }) => `${event} ${consumer}`).toSorted()
    assert.deepStrictEqual(pairs, ["invoice.created crm.mail", "invoice.paid crm.mail", "invoice.paid stock.shelf"])
  })

  it("tells trouble, who is not served, and events that nobody gets", () => {
    assert.deepInclude(nodeOf("consumer:crm.mail"), { trouble: "gave-up", isHollow: false, count: 121 })
    assert.deepInclude(nodeOf("consumer:stock.shelf"), { trouble: "none", isHollow: true, count: 0 })
    assert.deepInclude(nodeOf("event:lonely"), { module: "crm", isHollow: true })
    const edges = graphOf(small, new Set()).edges
    assert.deepInclude(
      edges.find(({ source, target }) => source === "event:invoice.paid" && target === "consumer:crm.mail"),
      { trouble: "retrying", count: 60 }
    )
  })

  it("shows what is within two hops of a search", () => {
    const near = focused(small, "SHELF")
    assert.deepStrictEqual(
      near.events.map(({ name }) => name),
      ["invoice.paid"]
    )
    assert.deepStrictEqual(
      near.consumers.map(({ name }) => name),
      ["crm.mail", "stock.shelf"]
    )
    assert.strictEqual(focused(small, "").events.length, 3)
    assert.strictEqual(graphOf(focused(small, "nothing of that name"), new Set()).nodes.length, 0)
  })

  it("shows modules as one when there is too much, but for those that are opened", () => {
    const names = Array.from({ length: 70 }, (_, index) => `event${index}`)
    const model = modelOf({
      contracts: names.map((name) => contract(name, "finance")),
      flows: names.map((name) => flow(name, null)),
      consumers: [consumer("crm.mail", ["event*"])]
    })
    const one = graphOf(model, new Set())
    assert.isTrue(one.isCollapsed)
    assert.deepStrictEqual(
      one.nodes.map(({ id, size }) => `${id} ${size}`),
      ["module:finance 70", "events:finance 70", "consumers:crm 1"]
    )
    assert.strictEqual(one.edges.length, 2)
    assert.strictEqual(one.edges[0]?.count, 70 * 60)
    assert.strictEqual(graphOf(model, new Set(["events:finance"])).nodes.length, 72)
  })

  it("is Mermaid text in which no name ends its quotes", () => {
    const model = modelOf({ contracts: [contract('a"]-->b', "finance")], flows: [], consumers: [] })
    assert.strictEqual(
      mermaidOf(graphOf(model, new Set()), 60),
      ["flowchart LR", '  n0[["finance"]]', '  n1(["a#34;]-->b"])', "  n0 -.-> n1", ""].join("\n")
    )
  })

  it("is Mermaid text in which names are neither HTML nor Markdown, nor codes of signs", () => {
    const model = modelOf({
      contracts: [contract("`**a** <img> #quot; &lt;\n%%", "finance")],
      flows: [],
      consumers: []
    })
    assert.include(mermaidOf(graphOf(model, new Set()), 60), '(["#96;**a** #60;img> #35;quot; #38;lt;#10;%%"])')
  })
})
