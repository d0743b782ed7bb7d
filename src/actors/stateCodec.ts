/**
 * From an actor's state to what is stored, and back.
 *
 * @internal
 */
import { Effect, Schema } from "effect"
import { ActorStateChanged, ActorStateError } from "../errors/handler.ts"
import type { StoreError } from "../errors/store.ts"
import type { Entity } from "../model/DomainEvent.ts"
import { issuesOf } from "../model/payloadCodec.ts"
import { storableJson } from "../model/storable.ts"
import type { ActorStore, StoredState } from "../stores/ActorStore.ts"

export interface StateCodec<State> {
  readonly decode: (stored: StoredState) => Effect.Effect<State, ActorStateError>
  /** JSON text of a state. */
  readonly encode: (aggregate: Entity, state: State) => Effect.Effect<string, ActorStateError>
  /** Writes a state that follows `after`. Fails with `ActorStateChanged` when that is not the stored one. */
  readonly write: (
    store: ActorStore["Service"],
    aggregate: Entity,
    json: string,
    after: bigint | undefined
  ) => Effect.Effect<void, ActorStateChanged | StoreError>
}

/** Largest state, in bytes of JSON: 1 MiB. */
const maxBytes = 1_048_576

export const make = <State>(options: {
  readonly consumer: string
  readonly schema: Schema.Codec<State, Schema.Json>
  readonly version: number
  readonly migrate: ((state: Schema.Json, version: number) => Schema.Json) | undefined
}): StateCodec<State> => {
  const { consumer, migrate, schema, version } = options
  const fail = (aggregate: Entity, problem: string) =>
    Effect.fail(new ActorStateError({ consumer, aggregate: aggregate.entityId, problem }))
  const decoder = Schema.decodeUnknownEffect(schema)
  const encoder = Schema.encodeEffect(schema)
  const words = (error: Schema.SchemaError) =>
    issuesOf(error)
      .map((issue) => `at ${issue.path === "" ? "(root)" : issue.path}: ${issue.message}`)
      .join("; ")
  const migrated = ({ aggregate, schemaVersion, state }: StoredState) =>
    migrate === undefined || schemaVersion === version
      ? Effect.succeed(state)
      : Effect.try({
          try: () => migrate(state, schemaVersion),
          catch: (cause) =>
            new ActorStateError({
              consumer,
              aggregate: aggregate.entityId,
              problem: `the migration from version ${schemaVersion} failed: ${cause}`
            })
        })
  return {
    decode: Effect.fnUntraced(function* (stored) {
      const { aggregate, schemaVersion } = stored
      if (schemaVersion > version) {
        return yield* fail(aggregate, `it was written with version ${schemaVersion}, this code knows ${version}`)
      }
      return yield* Effect.catchTag(decoder(yield* migrated(stored)), "SchemaError", (error) =>
        fail(aggregate, `stored with version ${schemaVersion}, it does not match the schema: ${words(error)}`)
      )
    }),
    encode: Effect.fnUntraced(function* (aggregate, state) {
      const encoded = yield* Effect.catchTag(encoder(state), "SchemaError", (error) =>
        fail(aggregate, `the new state does not match the schema: ${words(error)}`)
      )
      const stored = storableJson(encoded, maxBytes)
      if ("json" in stored) return stored.json
      const { message, path } = stored.issue
      return yield* fail(aggregate, `the new state cannot be stored: at ${path === "" ? "(root)" : path}: ${message}`)
    }),
    write: Effect.fnUntraced(function* (store, aggregate, state, after) {
      const isWritten = yield* store.write({ consumer, aggregate, state, schemaVersion: version, after })
      if (!isWritten) return yield* new ActorStateChanged({ consumer, aggregate: aggregate.entityId })
    })
  }
}
