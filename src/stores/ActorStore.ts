/**
 * The contract for actors' states. No database is imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Entity } from "../model/DomainEvent.ts"

/** State of one actor, as it is stored. @since 0.1.0 */
export interface StoredState {
  readonly aggregate: Entity
  readonly state: Schema.Json
  /** Version of the schema it was written with. */
  readonly schemaVersion: number
  /** How often it was written by `write`: 1 after the first time. */
  readonly revision: bigint
  /** What this row is just now: any change of it, by whomever, makes another one, and none is used again. */
  readonly version: string
  readonly updatedAt: Date
  /** Its place in `list`. */
  readonly position: bigint
}

/** A state to be written. Text was checked before: see `Actor`. @since 0.1.0 */
export interface NewState {
  readonly consumer: string
  readonly aggregate: Entity
  /** JSON text. */
  readonly state: string
  readonly schemaVersion: number
  /** The `version` it follows; `undefined` for the first. */
  readonly after: string | undefined
}

/** A state that was written. @since 0.1.0 */
export type WrittenState = Pick<StoredState, "revision" | "version">

/**
 * Stores states by consumer and aggregate. Operations join the caller's transaction and fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class ActorStore extends Context.Service<
  ActorStore,
  {
    readonly read: (consumer: string, aggregate: Entity) => Effect.Effect<StoredState | undefined, StoreError>
    /**
     * Writes a state if the stored version is the one it follows. Returns undefined, with nothing written, when somebody
     * else changed, removed or wrote it.
     */
    readonly write: (state: NewState) => Effect.Effect<WrittenState | undefined, StoreError>
    /** States of a consumer in the order of their first write: at most `limit` after `position` (0: from the first). */
    readonly list: (
      consumer: string,
      position: bigint,
      limit: number
    ) => Effect.Effect<ReadonlyArray<StoredState>, StoreError>
  }
>()("effect-integration/ActorStore") {}
