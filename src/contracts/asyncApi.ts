/**
 * Contracts as an AsyncAPI 3 document: what portals and generators of clients read.
 *
 * @internal
 */
import type { Schema } from "effect"
import type { Contract } from "../stores/ContractStore.ts"
import type { JsonSchema } from "./jsonSchema.ts"

/** What the document says of the application as a whole. @since 0.1.0 */
export interface AsyncApiInfo {
  readonly title: string
  readonly version: string
  readonly description?: string
}

/** Names that AsyncAPI takes as keys of its components. */
const keyOf = (text: string) => text.replace(/[^\w.-]/g, "_")

const messageOf = ({ eventName, version }: Contract) => keyOf(`${eventName}.v${version}`)

const escaped = (token: string) => token.replaceAll("~", "~0").replaceAll("/", "~1")

/**
 * A schema as part of a larger document: AsyncAPI's own are those of draft 07, where a list of schemas for the places of a tuple
 * is called `items`, and a reference begins at the root of the whole document.
 */
const embedded = (node: Schema.Json, definitions: string): Schema.Json => {
  if (Array.isArray(node)) return node.map((each) => embedded(each, definitions))
  if (node === null || typeof node !== "object") return node
  const { $defs: _, $ref, items, prefixItems, ...rest } = node as JsonSchema
  const inner = Object.fromEntries(
    Object.entries(rest).map(([keyword, value]) => [keyword, embedded(value, definitions)])
  )
  const list = (value: Schema.Json | undefined, keyword: string) =>
    value === undefined ? {} : { [keyword]: embedded(value, definitions) }
  return {
    ...inner,
    ...(typeof $ref === "string" ? { $ref: $ref.replace(/^#\/\$defs\//, `#/components/schemas/${definitions}.`) } : {}),
    ...(prefixItems === undefined
      ? list(items, "items")
      : { ...list(prefixItems, "items"), ...list(items, "additionalItems") })
  }
}

const schemasOf = (contract: Contract): ReadonlyArray<readonly [string, Schema.Json]> =>
  Object.entries((contract.jsonSchema.$defs ?? {}) as JsonSchema).map(([name, schema]) => [
    `${messageOf(contract)}.${name}`,
    embedded(schema, messageOf(contract))
  ])

const notes = ({ deprecated, owner }: Contract) => [
  ...(deprecated === null ? [] : [`Deprecated: ${deprecated}`]),
  ...(owner === null ? [] : [`Owner: ${owner}`])
]

const message = (contract: Contract): Schema.Json => ({
  name: contract.eventName,
  title: `${contract.eventName}, version ${contract.version}`,
  ...(notes(contract).length === 0 ? {} : { description: notes(contract).join("\n") }),
  contentType: "application/json",
  tags: [{ name: contract.sourceModule }, { name: contract.aggregateType }],
  payload: embedded(contract.jsonSchema, messageOf(contract))
})

/** @param contracts - by name and version */
export const asyncApiOf = (contracts: ReadonlyArray<Contract>, info: AsyncApiInfo): Schema.Json => {
  const byEvent = Map.groupBy(contracts, ({ eventName }) => eventName)
  const channels = [...byEvent].map(([eventName, versions]): [string, Schema.Json] => [
    keyOf(eventName),
    {
      address: eventName,
      messages: Object.fromEntries(
        versions.map((each) => [messageOf(each), { $ref: `#/components/messages/${escaped(messageOf(each))}` }])
      )
    }
  ])
  const operations = [...byEvent].map(([eventName, versions]): [string, Schema.Json] => [
    keyOf(`publish.${eventName}`),
    {
      action: "send",
      channel: { $ref: `#/channels/${escaped(keyOf(eventName))}` },
      summary: `${versions.at(-1)?.sourceModule ?? ""} publishes ${eventName}`
    }
  ])
  return {
    asyncapi: "3.0.0",
    info: { ...info },
    defaultContentType: "application/json",
    channels: Object.fromEntries(channels),
    operations: Object.fromEntries(operations),
    components: {
      messages: Object.fromEntries(contracts.map((each) => [messageOf(each), message(each)])),
      schemas: Object.fromEntries(contracts.flatMap(schemasOf))
    }
  }
}
