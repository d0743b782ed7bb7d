/**
 * Contracts: what the payloads of events are, by name and version; registered where they are used, and compared with what was
 * committed before anybody publishes.
 *
 * @since 0.1.0
 */
import { Effect, Layer, type Schema } from "effect"
import type { ContractConflict, ContractFileInvalid, Incompatible } from "../errors/ContractErrors.ts"
import { type InvalidIdentifier, InvalidOption } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { type Contract, ContractStore, type StoredContract } from "../stores/ContractStore.ts"
import { type AsyncApiInfo, asyncApiOf } from "./asyncApi.ts"
import { type CheckOptions, checkAll } from "./check.ts"
import { commit, type Golden, readCommitted, writeCommitted } from "./committed.ts"
import { contractsOf } from "./contractsOf.ts"
import { type Interest, moduleMapOf } from "./moduleMap.ts"
import { recordContracts, replaceWithWarning } from "./record.ts"

export type { Incompatible } from "../errors/ContractErrors.ts"
export type { Contract, StoredContract } from "../stores/ContractStore.ts"
export type { AsyncApiInfo } from "./asyncApi.ts"
export type { CheckOptions, Pinned } from "./check.ts"
export type { Golden } from "./committed.ts"
export type { Interest } from "./moduleMap.ts"

type Definitions = ReadonlyArray<DomainEvent.Definition.Any>

/** Why contracts were not registered. @since 0.1.0 */
export type ContractsError = ContractConflict | InvalidIdentifier | InvalidOption | StoreError

/** Types do not reach everybody: what is misspelt would register in place of what is there. */
const checkOptions = (definitions: unknown, onConflict: unknown): Effect.Effect<void, InvalidOption> => {
  const of = "of Contracts.layer"
  if (!Array.isArray(definitions)) {
    const option = `definitions ${of}`
    return Effect.fail(new InvalidOption({ option, value: typeof definitions, expected: "a list of definitions" }))
  }
  return onConflict === "refuse" || onConflict === "warn"
    ? Effect.void
    : Effect.fail(
        new InvalidOption({ option: `onConflict ${of}`, value: String(onConflict), expected: '"refuse" or "warn"' })
      )
}

/**
 * Registers definitions in `integration_contract` when the layer is built: every version that they know. Subscribers
 * register what nobody has registered by themselves, and only warn of what differs; this is for who publishes.
 *
 * @param options.onConflict - when a version is registered already with a payload that could not be read by this process, or
 * whose readers could not read what it publishes. `"refuse"`, the default: the layer fails with `ContractConflict`. `"warn"`: it says
 * so in the log, and registers its own
 *
 * Also fails with `InvalidIdentifier`, `InvalidOption`, or `StoreError`.
 *
 * @since 0.1.0
 */
export const layer = (
  definitions: Definitions,
  { onConflict = "refuse" }: { readonly onConflict?: "refuse" | "warn" } = {}
): Layer.Layer<never, ContractsError, ContractStore> =>
  Layer.effectDiscard(
    Effect.flatMap(Effect.andThen(checkOptions(definitions, onConflict), ContractStore), (store) =>
      recordContracts<ContractConflict>(store, definitions, onConflict === "warn" ? replaceWithWarning : Effect.fail)
    )
  )

/** All contracts that were ever registered, by name and version. Fails with `StoreError`. @since 0.1.0 */
export const all: Effect.Effect<ReadonlyArray<StoredContract>, StoreError, ContractStore> = Effect.flatMap(
  ContractStore,
  (store) => store.all
)

/** The contracts of definitions, by name and version, as they would be registered. @since 0.1.0 */
export const of = (definitions: Definitions): ReadonlyArray<Contract> => contractsOf(definitions)

/**
 * The contracts of definitions as JSON, to be committed and checked against later.
 *
 * @param options.golden - payloads that have to stay readable, whatever schemas say of them; those of events or versions that are not
 * in `definitions` are left out. Default none
 *
 * @since 0.1.0
 */
export const document = (
  definitions: Definitions,
  { golden = [] }: { readonly golden?: ReadonlyArray<Golden> } = {}
): Schema.Json =>
  writeCommitted(
    contractsOf(definitions).map((contract) => {
      const own = golden.filter((each) => each.eventName === contract.eventName && each.version === contract.version)
      return commit(
        contract,
        own.map(({ payload }) => payload)
      )
    })
  )

/**
 * Compares definitions with what was committed of them: by the structure of their schemas, which decides; by golden payloads; and by
 * payloads that are made up, which show what breaks, and whether the steps between versions hold.
 *
 * @param committed - what `document` gave
 * @returns what breaks, in the order of `committed`: nothing when all that was published can be read, and yesterday's processes can
 * read what is published now. With `verdict: "unknown"` what cannot be compared. That nothing breaks by a step is shown by samples
 * only, which is no proof
 *
 * Fails with `ContractFileInvalid` if `committed` is something else.
 *
 * @since 0.1.0
 */
export const check = (
  committed: Schema.Json,
  definitions: Definitions,
  options: CheckOptions = {}
): Effect.Effect<ReadonlyArray<Incompatible>, ContractFileInvalid> =>
  Effect.flatMap(readCommitted(committed), (contracts) => checkAll(contracts, definitions, options))

/** Types do not reach everybody: a document without a title is none. */
const checkInfo = (info: unknown): void => {
  const given = Object(info) as AsyncApiInfo
  const unknown = unknownOption("info of Contracts.asyncApi", given, ["title", "version", "description"])
  if (unknown !== undefined) throw unknown
  for (const name of ["title", "version"] as const) {
    if (typeof given[name] === "string") continue
    const value = String(given[name])
    throw new InvalidOption({ option: `${name} of Contracts.asyncApi`, value, expected: "text" })
  }
}

/**
 * Contracts as an AsyncAPI 3.0 document, with a channel for each event and a message for each of its versions.
 *
 * @param contracts - of `all` or `of`
 * @param info - `title` and `version` are needed, `description` may be there. Throws `InvalidOption` and `UnsupportedOption`
 *
 * @since 0.1.0
 */
export const asyncApi = (contracts: ReadonlyArray<Contract>, info: AsyncApiInfo): Schema.Json => {
  checkInfo(info)
  return asyncApiOf(contracts, info)
}

/**
 * Who publishes what, and who consumes it, as a Mermaid flowchart: modules that publish on the left, consumers, by the part of
 * their names before the first dot, on the right. Events that are waited for but not known are dashed.
 *
 * @param contracts - of `all` or `of`; of each event the latest version is shown
 * @param interests - for example those of `SubscriptionStore.all`
 *
 * @since 0.1.0
 */
export const moduleMap = (contracts: ReadonlyArray<Contract>, interests: ReadonlyArray<Interest>): string =>
  moduleMapOf(contracts, interests)
