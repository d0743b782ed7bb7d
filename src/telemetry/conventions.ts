/**
 * Names of what is told to tracers, as OpenTelemetry has them: semantic conventions 1.44.0, where those for messaging are still in
 * development (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). Whoever follows a later version changes
 * this file.
 *
 * @internal
 */

/** What these names are from. */
export const conventionsVersion = "1.44.0"

/** `messaging.system` of all that this package does. */
export const system = "effect_integration"

/** Attributes of spans. */
export const attribute = {
  system: "messaging.system",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  /** The event's name. */
  destination: "messaging.destination.name",
  /** The consumer's name. */
  consumer: "messaging.consumer.group.name",
  /** The event's id. */
  messageId: "messaging.message.id",
  /** The event's correlation id. */
  conversationId: "messaging.message.conversation_id",
  batchSize: "messaging.batch.message_count",
  /** Id of the process, as `Processor.replicas` lists it. */
  clientId: "messaging.client.id",
  errorType: "error.type",
  deliveryId: "effect_integration.delivery.id",
  attempt: "effect_integration.attempt",
  outcome: "effect_integration.outcome",
  mode: "effect_integration.mode",
  module: "effect_integration.module",
  aggregateType: "effect_integration.aggregate.type"
} as const

/** Operations, with the types that the conventions know. */
export const operation = {
  publish: { name: "publish", type: "send" },
  process: { name: "process", type: "process" },
  claim: { name: "claim", type: "receive" },
  settle: { name: "settle", type: "settle" }
} as const

/** Attributes of every span of an operation. */
export const attributesOf = ({ name, type }: (typeof operation)[keyof typeof operation]) => ({
  [attribute.system]: system,
  [attribute.operationName]: name,
  [attribute.operationType]: type
})

/** Links that one span has at most: what the SDKs of OpenTelemetry keep by default. */
export const maxLinks = 128
