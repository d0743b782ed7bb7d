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

const contractsOfOne = (definition: DomainEvent.Definition.Any): ReadonlyArray<Contract> => {
  const { aggregateType, deprecated, name: eventName, owner, sourceModule } = definition
  return versionsOf(definition).map(({ down, number: version, schema, up }) => ({
    eventName,
    version,
    sourceModule,
    aggregateType,
    owner: owner ?? null,
    deprecated: deprecated ?? null,
    ...describe(schema),
    hasUp: up !== undefined,
    hasDown: down !== undefined
  }))
}

/** One version by two definitions. */
export interface Rivals {
  /** What counts: of the last definition. */
  readonly contract: Contract
  readonly other: Contract
}

interface Found {
  readonly contracts: ReadonlyMap<string, Contract>
  readonly rivals: ReadonlyArray<Rivals>
}

const find = (definitions: Iterable<DomainEvent.Definition.Any>): Found => {
  const contracts = new Map<string, Contract>()
  const rivals: Array<Rivals> = []
  for (const contract of [...definitions].flatMap(contractsOfOne)) {
    const key = JSON.stringify([contract.eventName, contract.version])
    const other = contracts.get(key)
    if (other !== undefined && other.fingerprint !== contract.fingerprint) rivals.push({ contract, other })
    contracts.set(key, contract)
  }
  return { contracts, rivals }
}

/** Every version of every definition, by name and version. Of definitions that share both, the last counts. */
export const contractsOf = (definitions: Iterable<DomainEvent.Definition.Any>): ReadonlyArray<Contract> =>
  [...find(definitions).contracts.values()].toSorted(byKey)

/** Versions that two of the definitions have, with payloads that are not the same. */
export const rivalsOf = (definitions: Iterable<DomainEvent.Definition.Any>): ReadonlyArray<Rivals> =>
  find(definitions).rivals
