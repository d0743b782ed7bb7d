/**
 * Positions in JSON: it has no numbers of 64 bits, so they are text there, and only there.
 *
 * @internal
 */
import type { Stored } from "./DomainEvent.ts"

interface Placed {
  readonly position: bigint
}

function toJSON(this: Placed) {
  return { ...this, position: String(this.position) }
}

/** The same value, which `JSON.stringify` takes. */
export const printable = <A extends Placed>(value: A): A =>
  Object.defineProperty(value, "toJSON", { value: toJSON, enumerable: false, configurable: true })

/** An event that was stored: a class, as each that is published is made one, and a property costs more than the event. */
class StoredEvent implements Stored {
  readonly id: Stored["id"]
  readonly name: Stored["name"]
  readonly sourceModule: Stored["sourceModule"]
  readonly aggregate: Stored["aggregate"]
  readonly payload: Stored["payload"]
  readonly metadata: Stored["metadata"]
  readonly schemaVersion: Stored["schemaVersion"]
  readonly position: Stored["position"]
  readonly status: Stored["status"]
  readonly timestamp: Stored["timestamp"]
  readonly correlationId: Stored["correlationId"]
  readonly causationId: Stored["causationId"]
  readonly traceparent: Stored["traceparent"]
  readonly consumers: Stored["consumers"]
  readonly isDuplicate: Stored["isDuplicate"]

  constructor(fields: Stored) {
    this.id = fields.id
    this.name = fields.name
    this.sourceModule = fields.sourceModule
    this.aggregate = fields.aggregate
    this.payload = fields.payload
    this.metadata = fields.metadata
    this.schemaVersion = fields.schemaVersion
    this.position = fields.position
    this.status = fields.status
    this.timestamp = fields.timestamp
    this.correlationId = fields.correlationId
    this.causationId = fields.causationId
    this.traceparent = fields.traceparent
    this.consumers = fields.consumers
    this.isDuplicate = fields.isDuplicate
  }

  toJSON() {
    return toJSON.call(this)
  }
}

/** An event as its publisher gets it back. */
export const storedEvent = (fields: Stored): Stored => new StoredEvent(fields)
