/**
 * Which events are looked for.
 *
 * @since 0.1.0
 */
import type { DateTime, Schema } from "effect"
import type { Entity } from "../model/DomainEvent.ts"
import type { EventStatus } from "../stores/OutboxStore.ts"

/** What stands at a place in a payload. @since 0.1.0 */
export interface PayloadValue {
  /**
   * Where: `customer.id`, `items[0].sku`. A key with other characters is written as a JSON string in brackets: `["a.b"].c`, `["7"]`.
   */
  readonly path: string
  /** What stands there, as JSON: numbers are compared by value, null is a null that is there. Either this or `equalsJson`. */
  readonly equals?: Schema.Json
  /** The same as JSON text, for numbers of more than 53 bits: `"9007199254740993"`. */
  readonly equalsJson?: string
}

/** Which events are meant: those that fit all that is given; without a field, all. @since 0.1.0 */
export interface Filter {
  /** Names, or patterns: `*` stands for any characters. At most 50. */
  readonly names?: ReadonlyArray<string>
  /** Modules that published them. At most 50. */
  readonly modules?: ReadonlyArray<string>
  /** The entity they are about; without a module, of any. */
  readonly aggregate?: Pick<Entity, "entityType" | "entityId"> & { readonly module?: string }
  /** What became of them; with `consumer`, what became of them for that one. */
  readonly statuses?: ReadonlyArray<EventStatus>
  /** A consumer that has a delivery of them. */
  readonly consumer?: string
  /** Their correlation; the event that has this id itself is one of them. */
  readonly correlationId?: string
  /** The event they name as their cause. */
  readonly causationId?: string
  /** Stored at this time or later. */
  readonly since?: DateTime.DateTime.Input
  /** Stored before this time. */
  readonly until?: DateTime.DateTime.Input
  /** What stands in their payloads: all of it. At most 5. */
  readonly payload?: ReadonlyArray<PayloadValue>
  /** What their payload's JSON text contains, to the letter: as `payloadText` of `get` has it. */
  readonly payloadText?: string
}
