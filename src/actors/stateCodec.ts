/**
 * From an actor's state to what is stored, and back.
 *
 * @internal
 */
import { Effect, Schema } from "effect"
import { issueText } from "../errors/errorText.ts"
import { ActorStateChanged, ActorStateError } from "../errors/HandlerErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Entity } from "../model/DomainEvent.ts"
import { issuesOf } from "../model/payloadCodec.ts"
import { storableJson } from "../model/storable.ts"
import type { ActorStore, StoredState, WrittenState } from "../stores/ActorStore.ts"

export interface StateCodec<State> {
  readonly decode: (stored: StoredState) => Effect.Effect<State, ActorStateError>
  /** JSON text of a state. */
  readonly encode: (aggregate: Entity, state: State) => Effect.Effect<string, ActorStateError>
  /** Writes a state that follows the version `after`. Fails with `ActorStateChanged` when that is not the stored one. */
  readonly write: (
    store: ActorStore["Service"],
    aggregate: Entity,
    json: string,
    after: string | undefined
  ) => Effect.Effect<WrittenState, ActorStateChanged | StoreError>
}

/** Largest state, in bytes of JSON: 1 MiB. */
const maxBytes = 1_048_576

/** The form the states of one actor are stored in. */
interface Format<State> {
  /** Name of the consumer they belong to. */
  readonly consumer: string
  readonly schema: Schema.Codec<State, Schema.Json>
  readonly version: number
  /** From a state of an earlier version to this one; without it they are the same. */
  readonly migrate: ((state: Schema.Json, version: number) => Schema.Json) | undefined
}

const refused = (consumer: string, aggregate: Entity, problem: string) =>
  new ActorStateError({ consumer, aggregate: aggregate.entityId, problem })

const words = (error: Schema.SchemaError) => issuesOf(error).map(issueText).join("; ")

/** A stored state in the form of this version. */
const migrated = <State>(
  { consumer, migrate, version }: Format<State>,
  { aggregate, schemaVersion, state }: StoredState
) =>
  migrate === undefined || schemaVersion === version
    ? Effect.succeed(state)
    : Effect.try({
        try: () => migrate(state, schemaVersion),
        catch: (cause) => refused(consumer, aggregate, `the migration from version ${schemaVersion} failed: ${cause}`)
      })

const makeDecode = <State>(format: Format<State>): StateCodec<State>["decode"] => {
  const { consumer, schema, version } = format
  const decoder = Schema.decodeUnknownEffect(schema)
  return Effect.fnUntraced(function* (stored) {
    const { aggregate, schemaVersion } = stored
    if (schemaVersion > version) {
      const problem = `it was written with version ${schemaVersion}, this code knows ${version}`
      return yield* refused(consumer, aggregate, problem)
    }
    return yield* Effect.mapError(decoder(yield* migrated(format, stored)), (error) =>
      refused(
        consumer,
        aggregate,
        `stored with version ${schemaVersion}, it does not match the schema: ${words(error)}`
      )
    )
  })
}

const makeEncode = <State>({ consumer, schema }: Format<State>): StateCodec<State>["encode"] => {
  const encoder = Schema.encodeEffect(schema)
  return Effect.fnUntraced(function* (aggregate, state) {
    const encoded = yield* Effect.mapError(encoder(state), (error) =>
      refused(consumer, aggregate, `the new state does not match the schema: ${words(error)}`)
    )
    const stored = storableJson(encoded, maxBytes)
    if ("json" in stored) return stored.json
    return yield* refused(consumer, aggregate, `the new state cannot be stored: ${issueText(stored.issue)}`)
  })
}

export const make = <State>(format: Format<State>): StateCodec<State> => ({
  decode: makeDecode(format),
  encode: makeEncode(format),
  write: Effect.fnUntraced(function* (store, aggregate, state, after) {
    const { consumer, version } = format
    const written = yield* store.write({ consumer, aggregate, state, schemaVersion: version, after })
    return written ?? (yield* new ActorStateChanged({ consumer, aggregate: aggregate.entityId }))
  })
})
