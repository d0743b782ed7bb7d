/**
 * What can be published without a definition, and why publishing fails.
 *
 * @since 0.1.0
 */
import type { InvalidIdentifier, InvalidOption, UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type { EventEncodingError, OutboxDisabled, TransactionRequired } from "../errors/PayloadErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"

/** Why an event was not published; nothing was written then. @since 0.1.0 */
export type PublishError =
  | EventEncodingError
  | InvalidIdentifier
  | InvalidOption
  | UnsupportedOption
  | OutboxDisabled
  | TransactionRequired
  | StoreError

/** An event without a definition, as the reference system's publisher takes it. @since 0.1.0 */
export interface UntypedEvent {
  /** 1 to 255 characters, without `*`. */
  readonly eventName: string
  /** 1 to 127 characters. */
  readonly sourceModule: string
  /** 1 to 127 characters. */
  readonly aggregateType: string
  /** 1 to 255 characters. */
  readonly aggregateId: string
  /**
   * Any value that JSON has a form for: strings, finite numbers, booleans, null, arrays and plain objects of such, and what has
   * a `toJSON`, as dates. Others are refused (`EventEncodingError`): NaN, a Map, `undefined` in a list. Properties that are
   * `undefined` are left out. Default `{}`.
   */
  readonly payload?: unknown
  /** See `DomainEvent.PublishOptions`. */
  readonly metadata?: DomainEvent.Metadata
  /** See `DomainEvent.PublishOptions`. */
  readonly correlationId?: string
  /** See `DomainEvent.PublishOptions`. */
  readonly cause?: DomainEvent.PublishOptions["cause"] & {}
  /** Version of the payload's form, a positive integer; default 1. */
  readonly schemaVersion?: number
  /** See `DomainEvent.PublishOptions`. */
  readonly delay?: DomainEvent.PublishOptions["delay"] & {}
  /** See `DomainEvent.PublishOptions`. */
  readonly availableAt?: DomainEvent.PublishOptions["availableAt"] & {}
  /** See `DomainEvent.PublishOptions`. */
  readonly dedupeKey?: string
}
