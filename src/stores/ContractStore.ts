/**
 * The contract for what is known of events' payloads: every version that was ever registered, by all processes.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"

/** Which version of which event. @since 0.1.0 */
export interface ContractKey {
  readonly eventName: string
  readonly version: number
}

/** One version of an event's payload, and how it is published. @since 0.1.0 */
export interface Contract extends ContractKey {
  readonly sourceModule: string
  readonly aggregateType: string
  /** Who answers for it. */
  readonly owner: string | null
  /** Why the event should not be used any more; `null` while it may be. */
  readonly deprecated: string | null
  /** The payload as it is stored, in JSON Schema (draft 2020-12); `{}` if its schema does not say. */
  readonly jsonSchema: Readonly<Record<string, Schema.Json>>
  /** SHA-256 of `jsonSchema` by what it means: the same for all that differ by descriptions and order only. */
  readonly fingerprint: string
  /** Whether there is a step from the version before. */
  readonly hasUp: boolean
  /** Whether there is a step back to it. */
  readonly hasDown: boolean
}

/** A contract as it was registered. @since 0.1.0 */
export interface StoredContract extends Contract {
  readonly firstSeenAt: Date
  /** When it was last registered, or said to be in use: not more exact than a day. */
  readonly lastSeenAt: Date
}

/**
 * Stores contracts; fails with `StoreError`. They are not judged here.
 *
 * @since 0.1.0
 */
export class ContractStore extends Context.Service<
  ContractStore,
  {
    /** Those of these that there are, by name and version. */
    readonly find: (keys: ReadonlyArray<ContractKey>) => Effect.Effect<ReadonlyArray<StoredContract>, StoreError>
    /** Writes those that there are none of; others stay as they are, also those that somebody else writes at the same time. */
    readonly add: (contracts: ReadonlyArray<Contract>) => Effect.Effect<void, StoreError>
    /** Writes what contracts are now, in place of what they were; when they were first seen stays. */
    readonly replace: (contracts: ReadonlyArray<Contract>) => Effect.Effect<void, StoreError>
    /** All contracts, by name and version. */
    readonly all: Effect.Effect<ReadonlyArray<StoredContract>, StoreError>
  }
>()("effect-integration/ContractStore") {}
