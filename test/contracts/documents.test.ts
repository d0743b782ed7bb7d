/** Contracts for other tools: AsyncAPI, and a map of the modules. */
import { Schema } from "effect"
import { assert, it } from "vitest"
import { Contracts, DomainEvent } from "../../src/index.ts"

const define = <A, I>(
  name: string,
  sourceModule: string,
  payload: Schema.Codec<A, I> | DomainEvent.Versions<A>,
  more = {}
) => DomainEvent.define(name, { sourceModule, aggregateType: "Invoice", aggregateId: () => "1", payload, ...more })

interface Tree {
  readonly below: ReadonlyArray<Tree>
}

const Tree: Schema.Codec<Tree, Tree> = Schema.Struct({ below: Schema.Array(Schema.suspend(() => Tree)) }).annotate({
  identifier: "Tree"
})

const V1 = Schema.Struct({ id: Schema.String, pair: Schema.Tuple([Schema.String, Schema.Finite]) })

const definitions = [
  define(
    "invoice.created",
    "finance",
    DomainEvent.versions(V1)
      .next(Tree)
      .from(() => ({ below: [] })),
    {
      owner: "team finance"
    }
  ),
  define("invoice.paid", "finance", V1, { deprecated: "use payment.captured" }),
  define("task made/%", "operations", Schema.Struct({ a: Schema.String }))
]

it("contracts say module, owner, deprecation, and which steps there are", () => {
  const contracts = Contracts.of(definitions)
  assert.deepStrictEqual(
    contracts.map((_) => [_.eventName, _.version, _.sourceModule, _.owner, _.deprecated, _.hasUp, _.hasDown]),
    [
      ["invoice.created", 1, "finance", "team finance", null, false, false],
      ["invoice.created", 2, "finance", "team finance", null, true, false],
      ["invoice.paid", 1, "finance", null, "use payment.captured", false, false],
      ["task made/%", 1, "operations", null, null, false, false]
    ]
  )
})

it("an AsyncAPI document has a channel for each event and a message for each version", () => {
  const document = Contracts.asyncApi(Contracts.of(definitions), { title: "Shop", version: "1.2.3" }) as unknown as {
    readonly asyncapi: string
    readonly channels: Record<string, { readonly address: string; readonly messages: Record<string, { $ref: string }> }>
    readonly operations: Record<string, { readonly action: string; readonly channel: { $ref: string } }>
    readonly components: {
      readonly messages: Record<string, { readonly payload: Schema.Json; readonly description?: string }>
      readonly schemas: Record<string, Schema.Json>
    }
  }
  assert.strictEqual(document.asyncapi, "3.0.0")
  assert.deepStrictEqual(Object.keys(document.channels), ["invoice.created", "invoice.paid", "task_20_made_2f__25_"])
  assert.strictEqual(document.channels.task_20_made_2f__25_?.address, "task made/%")
  assert.deepStrictEqual(Object.keys(document.components.messages), [
    "invoice.created.v1",
    "invoice.created.v2",
    "invoice.paid.v1",
    "task_20_made_2f__25_.v1"
  ])
  assert.deepInclude(document.components.messages["invoice.created.v1"], { description: "Owner: team finance" })
  // Draft 07, as AsyncAPI has it: tuples by `items`, definitions among the components.
  assert.deepInclude(document.components.messages["invoice.paid.v1"]?.payload as object, {
    properties: {
      id: { type: "string" },
      pair: { type: "array", items: [{ type: "string" }, { type: "number" }], maxItems: 2, minItems: 2 }
    }
  })
  assert.deepStrictEqual(document.components.messages["invoice.created.v2"]?.payload, {
    $ref: "#/components/schemas/invoice.created.v2.Tree"
  })
  // Every reference leads somewhere.
  const text = JSON.stringify(document)
  for (const [, pointer = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = pointer
      .split("/")
      .reduce<unknown>((node, token) => (node as Record<string, unknown>)?.[token], document)
    assert.isDefined(target, pointer)
  }
})

it("names of events and fields stay apart in an AsyncAPI document, whatever they are", () => {
  const Odd = Schema.Struct({
    $ref: Schema.String,
    $defs: Schema.Finite,
    items: Schema.String,
    prefixItems: Schema.String
  })
  const document = Contracts.asyncApi(
    Contracts.of([define("order:paid", "shop", Odd), define("order_paid", "shop", Odd)]),
    { title: "Shop", version: "1" }
  ) as unknown as {
    readonly channels: Record<string, unknown>
    readonly components: { readonly messages: Record<string, { readonly payload: { readonly properties: object } }> }
  }
  assert.deepStrictEqual(Object.keys(document.channels), ["order_3a_paid", "order_paid"])
  for (const { payload } of Object.values(document.components.messages)) {
    assert.deepStrictEqual(payload.properties, {
      $ref: { type: "string" },
      $defs: { type: "number" },
      items: { type: "string" },
      prefixItems: { type: "string" }
    })
  }
})

it("a map shows modules, the latest versions, consumers, and what is waited for in vain", () => {
  const map = Contracts.moduleMap(Contracts.of(definitions), [
    { consumer: "operations.tasks", event: "invoice.*" },
    { consumer: "operations.tasks", event: "invoice.created" },
    { consumer: "crm.mails", event: "customer.moved" }
  ])
  assert.strictEqual(
    map,
    `flowchart LR
  subgraph m0["finance"]
    e0["invoice.created v2"]
    e1["invoice.paid v1 (deprecated)"]
  end
  subgraph m1["operations"]
    e2["task made/% v1"]
  end
  subgraph m2["crm"]
    c0(["crm.mails"])
  end
  subgraph m3["operations"]
    c1(["operations.tasks"])
  end
  e3["customer.moved"]:::unknown -.-> c0
  e0 --> c1
  e1 --> c1
  classDef unknown stroke-dasharray: 4 4
`
  )
})

it("names cannot break out of the map", () => {
  const map = Contracts.moduleMap(Contracts.of([define('a"]\nend <script>', 'm"#', V1)]), [])
  assert.include(map, 'e0["a#34;]#10;end #60;script#62; v1"]')
  assert.include(map, 'subgraph m0["m#34;#35;"]')
})

it("what PostgreSQL cannot store is not in a contract: it says nothing then", () => {
  const schemaOf = (text: string) =>
    Contracts.of([define("odd", "finance", Schema.Struct({ a: Schema.Literal(text) }))])[0]?.jsonSchema
  assert.deepStrictEqual(schemaOf("\u0000"), {})
  assert.deepStrictEqual(schemaOf("\ud800"), {})
  for (const fine of ["\\u0000", "\\\\u0000", "😀", "\\ud800"]) assert.isNotEmpty(schemaOf(fine), fine)
})
