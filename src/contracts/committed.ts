/**
 * The committed form of contracts: what `contracts.json` holds.
 *
 * @internal
 */
import { Effect, Schema } from "effect"
import { ContractFileInvalid } from "../errors/ContractErrors.ts"
import { issuesOf } from "../model/payloadCodec.ts"
import type { Contract } from "../stores/ContractStore.ts"
import { byKey } from "./contractsOf.ts"
import { fingerprintOf } from "./jsonSchema.ts"

const CommittedContract = Schema.Struct({
  eventName: Schema.String,
  version: Schema.Int,
  sourceModule: Schema.String,
  aggregateType: Schema.String,
  owner: Schema.NullOr(Schema.String),
  deprecated: Schema.NullOr(Schema.String),
  hasUp: Schema.Boolean,
  hasDown: Schema.Boolean,
  fingerprint: Schema.String,
  jsonSchema: Schema.Record(Schema.String, Schema.Json),
  golden: Schema.Array(Schema.Json)
})

const Committed = Schema.Struct({ contracts: Schema.Array(CommittedContract) })

/** A contract with payloads that have to stay readable. */
export interface CommittedContract extends Contract {
  readonly golden: ReadonlyArray<Schema.Json>
}

/** One payload that has to stay readable, whatever the schema says of it. @since 0.1.0 */
export interface Golden {
  readonly eventName: string
  readonly version: number
  readonly payload: Schema.Json
}

const decode = Schema.decodeUnknownEffect(Committed)

/** @param file - where it is from, for the error */
export const readCommitted = (
  committed: unknown,
  file?: string
): Effect.Effect<ReadonlyArray<CommittedContract>, ContractFileInvalid> =>
  decode(committed).pipe(
    // By the schema that is there: somebody may have changed it by hand.
    Effect.map(({ contracts }) =>
      contracts.map((contract) => ({ ...contract, fingerprint: fingerprintOf(contract.jsonSchema) }))
    ),
    Effect.mapError((error) => new ContractFileInvalid({ file, issues: issuesOf(error), reason: "content" }))
  )

/** A contract as it is committed. */
export const commit = (contract: Contract, golden: ReadonlyArray<Schema.Json>): CommittedContract => ({
  eventName: contract.eventName,
  version: contract.version,
  sourceModule: contract.sourceModule,
  aggregateType: contract.aggregateType,
  owner: contract.owner,
  deprecated: contract.deprecated,
  hasUp: contract.hasUp,
  hasDown: contract.hasDown,
  fingerprint: contract.fingerprint,
  jsonSchema: contract.jsonSchema,
  golden
})

/** What `readCommitted` reads. */
export const writeCommitted = (contracts: ReadonlyArray<CommittedContract>): Schema.Json => ({
  contracts: contracts.toSorted(byKey).map((contract) => ({ ...contract }))
})
