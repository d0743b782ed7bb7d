/**
 * Contracts as an AsyncAPI 3 document: what portals and generators of clients read.
 *
 * @internal
 */
import type { Schema } from "effect"
import type { Contract } from "../stores/ContractStore.ts"
import { isMap, isValue, type JsonSchema } from "./jsonSchema.ts"
import { tokenOf } from "./schemaNodes.ts"

/** What the document says of the application as a whole. @since 0.1.0 */
export interface AsyncApiInfo {
  readonly title: string
  readonly version: string
  readonly description?: string
}

/** A name as AsyncAPI takes it for a key: what it does not take is written as its number, so that names which differ by that do not become one. */
const keyOf = (text: string) => text.replace(/[^\w.-]/gu, (character) => `_${character.codePointAt(0)?.toString(16)}_`)

const messageOf = ({ eventName, version }: Contract) => keyOf(`${eventName}.v${version}`)

const escaped = (token: string) => token.replaceAll("~", "~0").replaceAll("/", "~1")

const schemaKey = (definitions: string, name: string) => `${definitions}.${keyOf(name)}`

/** A reference to a definition of a schema, as one to the whole document's. */
const referenceOf = ($ref: string, definitions: string) => {
  const [, name] = /^#\/\$defs\/([^/]+)$/.exec($ref) ?? []
  return name === undefined ? $ref : `#/components/schemas/${schemaKey(definitions, tokenOf(name))}`
}

/**
 * A schema as part of a larger document: AsyncAPI's own are those of draft 07, where a list of schemas for the places of a tuple
 * is called `items`, and a reference begins at the root of the whole document.
 */
const embedded = (node: Schema.Json, definitions: string): Schema.Json => {
  if (Array.isArray(node)) return node.map((each) => embedded(each, definitions))
  if (node === null || typeof node !== "object") return node
  const { $defs: _, $ref, items, prefixItems, ...rest } = node as JsonSchema
  const below = (value: Schema.Json) => embedded(value, definitions)
  const inner = Object.fromEntries(
    Object.entries(rest).map(([keyword, value]) => {
      if (isValue(keyword)) return [keyword, value]
      if (!isMap(keyword)) return [keyword, below(value)]
      return [
        keyword,
        Object.fromEntries(Object.entries(value as JsonSchema).map(([name, each]) => [name, below(each)]))
      ]
    })
  )
  const list = (value: Schema.Json | undefined, keyword: string) =>
    value === undefined ? {} : { [keyword]: embedded(value, definitions) }
  return {
    ...inner,
    ...(typeof $ref === "string" ? { $ref: referenceOf($ref, definitions) } : {}),
    ...(prefixItems === undefined
      ? list(items, "items")
      : { ...list(prefixItems, "items"), ...list(items, "additionalItems") })
  }
}

const schemasOf = (contract: Contract): ReadonlyArray<readonly [string, Schema.Json]> =>
  Object.entries((contract.jsonSchema.$defs ?? {}) as JsonSchema).map(([name, schema]) => [
    schemaKey(messageOf(contract), name),
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
