/**
 * The contracts that definitions stand for.
 *
 * @internal
 */
import type * as DomainEvent from "../model/DomainEvent.ts"
import type { Version } from "../model/versions.ts"
import type { Contract, ContractKey } from "../stores/ContractStore.ts"
import { fingerprintOf, jsonSchemaOf } from "./jsonSchema.ts"

/** Versions of a definition: one, if it was not given with `versions`. */
export const versionsOf = (
  definition: DomainEvent.Definition.Any
): ReadonlyArray<Pick<Version, "number" | "schema" | "up" | "down">> =>
  definition.versions?.chain ?? [
    { number: definition.version, schema: definition.payload, up: undefined, down: undefined }
  ]

/** By schema, as it takes a while and comes again at each registration. */
const described = new WeakMap<Version["schema"], Pick<Contract, "jsonSchema" | "fingerprint">>()

const describe = (schema: Version["schema"]) => {
  const known = described.get(schema)
  if (known !== undefined) return known
  const jsonSchema = jsonSchemaOf(schema)
  const made = { jsonSchema, fingerprint: fingerprintOf(jsonSchema) }
  described.set(schema, made)
  return made
}

/** By name and version. */
export const byKey = (a: ContractKey, b: ContractKey): number =>
  a.eventName === b.eventName ? a.version - b.version : a.eventName < b.eventName ? -1 : 1

/** Every version of every definition, by name and version. Of definitions that share both, the last counts. */
export const contractsOf = (definitions: Iterable<DomainEvent.Definition.Any>): ReadonlyArray<Contract> => {
  const found = new Map<string, Contract>()
  for (const definition of definitions) {
    const { aggregateType, deprecated, name: eventName, owner, sourceModule } = definition
    for (const { down, number: version, schema, up } of versionsOf(definition)) {
      found.set(JSON.stringify([eventName, version]), {
        eventName,
        version,
        sourceModule,
        aggregateType,
        owner: owner ?? null,
        deprecated: deprecated ?? null,
        ...describe(schema),
        hasUp: up !== undefined,
        hasDown: down !== undefined
      })
    }
  }
  return [...found.values()].toSorted(byKey)
}
