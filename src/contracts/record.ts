/**
 * Registers contracts, and finds those that are registered with another payload.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { ContractConflict } from "../errors/ContractErrors.ts"
import type { InvalidIdentifier, InvalidOption } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { type Definition as DefinitionOf, maxLength } from "../model/DomainEvent.ts"
import { checkIdentifier } from "../model/storable.ts"
import { versionProblem } from "../model/versions.ts"
import type { Contract, ContractStore, StoredContract } from "../stores/ContractStore.ts"
import { changesOf, refusedBy } from "./changes.ts"
import { contractsOf, rivalsOf } from "./contractsOf.ts"
import { readerOf, samplesOf } from "./samples.ts"

/**
 * What happens when a version is registered already with a payload that does not go with the new one. Returns whether the new one
 * takes its place.
 */
export type OnConflict<E> = (conflict: ContractConflict) => Effect.Effect<boolean, E>

/** Says so in the log; the new payload takes the place of the one that was registered. */
export const replaceWithWarning: OnConflict<never> = (conflict) =>
  Effect.as(Effect.logWarning(`${conflict.summary}\nThe payload of this process was registered in its place.`), true)

/** Says so in the log; who publishes decides what is registered. */
export const keepWithWarning: OnConflict<never> = (conflict) =>
  Effect.as(
    Effect.logWarning(
      `${conflict.summary}\nWhat was registered stays, as who publishes decides (Contracts.layer). Subscribe by the same definition, or give the changed payload a next version.`
    ),
    false
  )

type Definition = DefinitionOf.Any

/** How old what was last seen may be before it is written again, in milliseconds: a day. */
const staleMillis = 86_400_000

const keyOf = ({ eventName, version }: Pick<Contract, "eventName" | "version">) => JSON.stringify([eventName, version])

/** Fields that may change without a new version. */
const fields = ["sourceModule", "aggregateType", "owner", "deprecated", "fingerprint", "hasUp", "hasDown"] as const

const differs = (stored: StoredContract, contract: Contract) =>
  fields.some((field) => stored[field] !== contract[field])

const made = 50

/** Payloads of one schema that another refuses: what shows a conflict. */
const refused = (writer: Contract, reader: Contract) =>
  Effect.flatMap(samplesOf(writer.jsonSchema, made, reader.fingerprint), (samples) => {
    const read = readerOf(reader.jsonSchema)
    return read === undefined ? Effect.succeed([]) : refusedBy(samples, read)
  })

const conflictOf = (stored: Contract, contract: Contract, isDefinedTwice: boolean) =>
  Effect.map(
    changesOf(stored, contract, { backward: refused(stored, contract), forward: refused(contract, stored) }),
    (changes) => {
      const problems = changes.filter(({ verdict }) => verdict === "breaks")
      return problems.length === 0
        ? undefined
        : new ContractConflict({ eventName: contract.eventName, version: contract.version, problems, isDefinedTwice })
    }
  )

const checkNames = Effect.fnUntraced(function* ({ aggregateType, deprecated, name, owner, sourceModule }: Definition) {
  yield* checkIdentifier("name of an event", name, maxLength.eventName)
  yield* checkIdentifier(`sourceModule of event "${name}"`, sourceModule, maxLength.sourceModule)
  yield* checkIdentifier(`aggregateType of event "${name}"`, aggregateType, maxLength.aggregateType)
  if (owner !== undefined) yield* checkIdentifier(`owner of event "${name}"`, owner, 127)
  if (deprecated !== undefined) yield* checkIdentifier(`deprecated of event "${name}"`, deprecated, 255)
})

/** Those of contracts that are registered otherwise. Asks about each that does not go with what is registered. */
const changedOf = Effect.fnUntraced(function* <E>(
  contracts: ReadonlyArray<Contract>,
  found: ReadonlyArray<StoredContract>,
  onConflict: OnConflict<E>
) {
  const stored = new Map(found.map((each) => [keyOf(each), each]))
  const now = yield* Clock.currentTimeMillis
  const changed: Array<Contract> = []
  for (const contract of contracts) {
    const before = stored.get(keyOf(contract))
    if (before === undefined) continue
    const conflict =
      before.fingerprint === contract.fingerprint ? undefined : yield* conflictOf(before, contract, false)
    if (conflict !== undefined && !(yield* onConflict(conflict))) continue
    if (differs(before, contract) || now - before.lastSeenAt.getTime() > staleMillis) changed.push(contract)
  }
  return changed
})

/**
 * Registers the contracts of definitions: reads what there is, and writes only what is new or has changed.
 *
 * Fails with `InvalidIdentifier`, `InvalidOption`, `StoreError`, or with what `onConflict` says: nothing was registered then.
 */
export const recordContracts = Effect.fnUntraced(function* <E>(
  store: ContractStore["Service"],
  definitions: ReadonlyArray<Definition>,
  onConflict: OnConflict<E>
): Effect.fn.Return<void, E | InvalidIdentifier | InvalidOption | StoreError> {
  for (const definition of definitions) {
    const problem = versionProblem(definition)
    if (problem !== undefined) return yield* problem
    yield* checkNames(definition)
  }
  const contracts = contractsOf(definitions)
  if (contracts.length === 0) return
  for (const { contract, other } of rivalsOf(definitions)) {
    const conflict = yield* conflictOf(other, contract, true)
    if (conflict !== undefined) yield* onConflict(conflict)
  }
  const found = yield* store.find(contracts)
  const changed = yield* changedOf(contracts, found, onConflict)
  const there = new Set(found.map(keyOf))
  const missing = contracts.filter((contract) => !there.has(keyOf(contract)))
  if (missing.length > 0) {
    yield* store.add(missing)
    // Somebody else may have been first, with another payload.
    changed.push(...(yield* changedOf(missing, yield* store.find(missing), onConflict)))
  }
  if (changed.length > 0) yield* store.replace(changed)
})
