/**
 * Event definitions, and the event a handler receives.
 *
 * A definition is a plain value shared by the module that publishes and the modules that react. It does no I/O.
 *
 * @since 0.1.0
 */
import { Context, type DateTime, type Duration, type Schema } from "effect"
import { checkDefinition } from "./checkDefinition.ts"
import { codecsOf, type PayloadSchema } from "./standardPayload.ts"
import type { Version, Versions } from "./versions.ts"

export type { PayloadSchema } from "./standardPayload.ts"
export { type Step, type Version, type Versions, versions } from "./versions.ts"

/** Widths of the columns that hold names and ids, in characters. @since 0.1.0 */
export const maxLength = { eventName: 255, sourceModule: 127, aggregateType: 127, aggregateId: 255, id: 255 } as const

/** One entity of one module: the aggregate of an event, or an end of a link. @since 0.1.0 */
export interface Entity {
  readonly module: string
  readonly entityType: string
  readonly entityId: string
}

/** The entity an event is about, from the columns that hold it. @internal */
export const entityOf = ({
  aggregateId,
  aggregateType,
  sourceModule
}: {
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
}): Entity => ({ module: sourceModule, entityType: aggregateType, entityId: aggregateId })

/** Additional JSON facts about an event that are not part of its payload. @since 0.1.0 */
export type Metadata = Readonly<Record<string, Schema.Json>>

/**
 * What is published under one name: made with `define`, shared by publisher and subscribers.
 *
 * @since 0.1.0
 */
export interface Definition<out Name extends string, in out Payload> {
  readonly name: Name
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: (payload: Payload) => string
  /** Of what is published now. */
  readonly version: number
  /** All versions that can be read, if they were given with `versions`; else what was stored in this one or before is read by `payload`. */
  readonly versions: Versions<Payload> | undefined
  /** The schema of `version`. */
  readonly payload: Schema.Codec<Payload, unknown>
  /** `payload` in its JSON form: what is stored. Derived by `define`. */
  readonly codec: Schema.Codec<Payload, Schema.Json>
  /** Who answers for it, for the contract registry. */
  readonly owner: string | undefined
  /** Why it should not be used any more, and what to use instead; `undefined` while it may be. */
  readonly deprecated: string | undefined
}

/** @since 0.1.0 */
export declare namespace Definition {
  /** Any definition, whatever its payload. @since 0.1.0 */
  // biome-ignore lint/suspicious/noExplicitAny: a definition both takes and gives its payload, so only `any` covers all
  export type Any = Definition<string, any>
}

/**
 * The event a handler receives.
 *
 * @since 0.1.0
 */
export interface DomainEvent<out Name extends string = string, out Payload = unknown> {
  /** Id of the event, a UUID: the same for every consumer. */
  readonly id: string
  /** Id of this delivery, a UUID: one event for one consumer, the same in every attempt. */
  readonly deliveryId: string
  readonly name: Name
  readonly sourceModule: string
  /** What the event is about; usable as an end of a link as it is. */
  readonly aggregate: Entity
  readonly payload: Payload
  readonly metadata: Metadata
  /** When the event was stored, by the database's clock. */
  readonly timestamp: DateTime.Utc
  /** Version of the definition it was published with. */
  readonly schemaVersion: number
  /** Which attempt of this delivery is running, from 1. Failed attempts before it: `attempt - 1`. */
  readonly attempt: number
  /** Shared by everything that follows from one first event, if it was given or inherited. */
  readonly correlationId: string | undefined
  /** Id of the event whose handler published this one. */
  readonly causationId: string | undefined
  /** The trace it was published in: W3C Trace Context's `traceparent`. */
  readonly traceparent: string | undefined
}

/** The event a definition's subscribers receive. @since 0.1.0 */
export type Of<D> = D extends Definition<infer Name, infer Payload> ? DomainEvent<Name, Payload> : never

/**
 * Defines an event.
 *
 * @param name - 1 to 255 characters, for example `invoice.created`; `*` is not allowed, it belongs to patterns
 * @param options.sourceModule - the module that publishes it, 1 to 127 characters
 * @param options.aggregateType - the kind of entity it is about, 1 to 127 characters
 * @param options.aggregateId - that entity's id, taken from the payload; 1 to 255 characters
 * @param options.version - of the payload's schema, a positive integer; default 1, or the latest of `versions`, whose number it
 * must be if both are given
 * @param options.payload - a schema without service requirements, stored in its JSON form (`Schema.toCodecJson`); or `versions`; or a
 * Standard Schema, as of zod, valibot or arktype: its output is what is published, what handlers get, and, as JSON, what is stored, if the
 * schema reads that back as the same
 * @param options.owner - who answers for it, at most 127 characters, for `Contracts`; default nobody
 * @param options.deprecated - why it should not be used any more, at most 255 characters, for `Contracts`; default none
 *
 * Names and lengths are checked when the event is published, where a typed error can say so. What is missing, or is none of these
 * options, is thrown here: `InvalidOption`, `UnsupportedOption`.
 *
 * @since 0.1.0
 */
export const define = <const Name extends string, Payload, Encoded>(
  name: Name,
  options: {
    readonly sourceModule: string
    readonly aggregateType: string
    readonly aggregateId: (payload: NoInfer<Payload>) => string
    readonly version?: number
    readonly payload: PayloadSchema<Payload, Encoded> | Versions<Payload>
    readonly owner?: string | undefined
    readonly deprecated?: string | undefined
  }
): Definition<Name, Payload> => {
  checkDefinition(name, options)
  const { aggregateId, aggregateType, deprecated, owner, payload, sourceModule, version } = options
  const names = { name, sourceModule, aggregateType, aggregateId, owner, deprecated }
  if (!("chain" in payload)) {
    const { codec, schema } = codecsOf(payload)
    return { ...names, version: version ?? 1, versions: undefined, payload: schema, codec }
  }
  const latest = payload.chain.at(-1) as Version
  return {
    ...names,
    version: version ?? latest.number,
    versions: payload,
    payload: latest.schema as Schema.Codec<Payload, unknown>,
    codec: latest.codec as Schema.Codec<Payload, Schema.Json>
  }
}

/**
 * The event that another follows from, as a handler gets it or as it was stored: what is inherited of it. Metadata are inherited by
 * the keys of `inheritMetadata` only.
 *
 * @since 0.1.0
 */
export type Cause = Pick<DomainEvent, "id" | "correlationId"> & Partial<Pick<DomainEvent, "metadata" | "traceparent">>

/**
 * What a publisher may say about one event besides its payload.
 *
 * @since 0.1.0
 */
export interface PublishOptions {
  /** JSON facts that are not part of the payload; default none. Inherited ones and those of `Lineage.within` stay beside these. */
  readonly metadata?: Metadata
  /** At most 255 characters; default: that of `Lineage.within`, inherited inside a handler, else none. */
  readonly correlationId?: string
  /**
   * The event that this one follows from: it names it as its cause, and inherits its correlation, its trace, and the metadata of
   * `Integration.layer({ inheritMetadata })`, before what `Lineage.within` says. For batch handlers, which have no one event, and
   * for code outside of the handler's fiber; default: the event whose handler is running, if it is for one.
   */
  readonly cause?: Cause
  /** Overrides the definition's aggregate id; 1 to 255 characters. */
  readonly aggregateId?: string
  /**
   * How long after now, by the database's clock, the event may be delivered at the earliest; default at once. A clock that is
   * set back makes it wait for as much longer. Consumers that are ordered by aggregate keep what is published later for its
   * aggregate waiting until then, unless they say `delayed: "pass"`.
   */
  readonly delay?: Duration.Input
  /**
   * When the event may be delivered at the earliest, by the database's clock; default at once. Not together with `delay`,
   * and with the same effect on order.
   */
  readonly availableAt?: DateTime.DateTime.Input
  /**
   * Names the event among those of its source module and name, 1 to 255 characters: while an event with this key is
   * kept, publishing again writes nothing and returns that event, with `isDuplicate`. Who publishes at the same time
   * waits for the other's transaction; in a transaction of the caller's under REPEATABLE READ or stricter, the later one
   * fails with a serialization failure (`StoreError`, retryable). Lists of up to 1000 events are written in the order of
   * their keys, so that two of them never wait for each other; of longer ones in a transaction of the caller's PostgreSQL
   * may end one as a deadlock (`StoreError`, retryable). Outside of one, both are repeated.
   */
  readonly dedupeKey?: string
}

/** One event to be published: a definition, its payload and options. @since 0.1.0 */
export interface Publication<out Name extends string = string, in out Payload = unknown> {
  readonly definition: Definition<Name, Payload>
  readonly payload: Payload
  readonly options: PublishOptions
}

/** @since 0.1.0 */
export declare namespace Publication {
  /** A publication of any definition. @since 0.1.0 */
  // biome-ignore lint/suspicious/noExplicitAny: see Definition.Any
  export type Any = Publication<string, any>
}

/**
 * Pairs a payload with its definition, for `Publisher.publishAll`, which takes events of several definitions.
 *
 * @since 0.1.0
 */
export const publication = <Name extends string, Payload>(
  definition: Definition<Name, Payload>,
  payload: NoInfer<Payload>,
  options: PublishOptions = {}
): Publication<Name, Payload> => ({ definition, payload, options })

/**
 * An event as it was stored by `Publisher`.
 *
 * @since 0.1.0
 */
export interface Stored<out Name extends string = string, out Payload = unknown> {
  /** UUIDv7: ordered by time within the process that published it. */
  readonly id: string
  readonly name: Name
  readonly sourceModule: string
  readonly aggregate: Entity
  readonly payload: Payload
  readonly metadata: Metadata
  readonly schemaVersion: number
  /** The trace it was published in: W3C Trace Context's `traceparent`. */
  readonly traceparent: string | undefined
  /** Insertion order in the outbox. Positions of concurrent transactions do not follow their commits. */
  readonly position: bigint
  /** `processed` when no consumer was interested, else `pending`. */
  readonly status: "pending" | "processed"
  readonly timestamp: DateTime.Utc
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  /** Names of the consumers it will be delivered to. */
  readonly consumers: ReadonlyArray<string>
  /**
   * An event with this `dedupeKey` was there already, and is what this describes; nothing was written. Its payload is
   * the stored one; if that no longer fits the definition, the one that was given.
   */
  readonly isDuplicate: boolean
}

/**
 * The event whose handler is running, if any. What a handler publishes names it as its cause, and inherits from it.
 *
 * @since 0.1.0
 */
export const Current = Context.Reference<DomainEvent | undefined>("effect-integration/DomainEvent/Current", {
  defaultValue: () => undefined
})
