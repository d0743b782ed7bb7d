/**
 * The metrics there are: what OpenTelemetry's messaging conventions name, by their names, the rest by ours. One table, from which they
 * are registered, and which docs/telemetry.md repeats.
 *
 * @internal
 */
import { attribute } from "./conventions.ts"

/** One metric. @since 0.1.0 */
export interface MetricDefinition {
  readonly name: string
  readonly kind: "counter" | "histogram" | "gauge"
  /** As UCUM has it: `s`, or `{what is counted}`. */
  readonly unit: string
  /** What it answers. */
  readonly description: string
  /** Names of its labels, in the order in which their values are given. */
  readonly labels: ReadonlyArray<string>
  /** Upper ends of a histogram's buckets. */
  readonly bounds?: ReadonlyArray<number>
  /** What of a gauge is told when several integrations of a process have it; default the greatest. */
  readonly ofSeveral?: "least"
}

/** Labels of ours. */
export const label = {
  event: "effect_integration.event",
  outcome: "effect_integration.outcome",
  reason: "effect_integration.reason",
  source: "effect_integration.source",
  state: "effect_integration.state"
} as const

const { consumer, destination, errorType, operationName } = attribute

/**
 * Seconds, as the conventions advise for `messaging.client.operation.duration`
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/).
 */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** What waits may wait for much longer than an operation takes. */
const longSeconds = [...seconds, 30, 60, 300, 3600]

const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

export const metricTable = {
  sent: {
    name: "messaging.client.sent.messages",
    kind: "counter",
    unit: "{message}",
    description: "Events that were published, or could not be",
    labels: [destination, errorType]
  },
  operationDuration: {
    name: "messaging.client.operation.duration",
    kind: "histogram",
    unit: "s",
    description: "How long publishing, claiming and settling takes",
    labels: [operationName, errorType],
    bounds: seconds
  },
  consumed: {
    name: "messaging.client.consumed.messages",
    kind: "counter",
    unit: "{message}",
    description: "Events that were handed to handlers, repeats of a batch that was rolled back among them",
    labels: [destination, consumer]
  },
  processDuration: {
    name: "messaging.process.duration",
    kind: "histogram",
    unit: "s",
    description: "How long handlers take",
    labels: [destination, consumer, errorType],
    bounds: seconds
  },
  settled: {
    name: "effect_integration.delivery.settled",
    kind: "counter",
    unit: "{delivery}",
    description: "How attempts ended, once that was committed",
    labels: [consumer, label.event, label.outcome]
  },
  lag: {
    name: "effect_integration.delivery.lag",
    kind: "histogram",
    unit: "s",
    description: "From when a delivery was due until its handler began",
    labels: [consumer],
    bounds: longSeconds
  },
  age: {
    name: "effect_integration.delivery.age",
    kind: "histogram",
    unit: "s",
    description: "From when an event was stored until its delivery was settled",
    labels: [consumer],
    bounds: longSeconds
  },
  batchSize: {
    name: "effect_integration.batch.size",
    kind: "histogram",
    unit: "{delivery}",
    description: "Deliveries of one transaction",
    labels: [consumer],
    bounds: sizes
  },
  rollbacks: {
    name: "effect_integration.batch.rollbacks",
    kind: "counter",
    unit: "{batch}",
    description: "Transactions of consumers that were rolled back",
    labels: [consumer, label.reason]
  },
  permitWait: {
    name: "effect_integration.permit.wait",
    kind: "histogram",
    unit: "s",
    description: "How long transactions of consumers wait for their turn in this process",
    labels: [],
    bounds: seconds
  },
  wakeups: {
    name: "effect_integration.wakeups",
    kind: "counter",
    unit: "{wakeup}",
    description: "Consumers that were woken, by whom; local ones once for each event",
    labels: [label.source]
  },
  polls: {
    name: "effect_integration.polls",
    kind: "counter",
    unit: "{poll}",
    description: "Polls that were answered",
    labels: []
  },
  unheard: {
    name: "effect_integration.events.unheard",
    kind: "counter",
    unit: "{event}",
    description: "Events that were published and that no consumer is interested in",
    labels: [destination]
  },
  malformed: {
    name: "effect_integration.traceparents.malformed",
    kind: "counter",
    unit: "{traceparent}",
    description: "Traces that were given with events and are none",
    labels: []
  },
  deaths: {
    name: "effect_integration.replica.deaths",
    kind: "counter",
    unit: "{replica}",
    description: "Processes that this one found to have ended without a word",
    labels: []
  },
  removed: {
    name: "effect_integration.retention.removed",
    kind: "counter",
    unit: "{event}",
    description: "Events that this process removed as they were settled long ago",
    labels: []
  },
  open: {
    name: "effect_integration.consumer.open",
    kind: "gauge",
    unit: "{delivery}",
    description: "Deliveries that are to be handled still, counted up to 10,000 of each state",
    labels: [consumer, label.state]
  },
  oldestAge: {
    name: "effect_integration.consumer.oldest.age",
    kind: "gauge",
    unit: "s",
    description: "How long the delivery that is due longest has been due",
    labels: [consumer]
  },
  deadLetters: {
    name: "effect_integration.consumer.dead_letters",
    kind: "gauge",
    unit: "{delivery}",
    description: "Deliveries that gave up and are kept, counted up to 10,000",
    labels: [consumer]
  },
  paused: {
    name: "effect_integration.consumer.paused",
    kind: "gauge",
    unit: "1",
    description: "1 while the consumer is paused",
    labels: [consumer]
  },
  braked: {
    name: "effect_integration.consumer.braked",
    kind: "gauge",
    unit: "1",
    description: "1 while the consumer is paused as more of its attempts failed than its maxFailureRate allows",
    labels: [consumer]
  },
  held: {
    name: "effect_integration.consumer.held",
    kind: "gauge",
    unit: "1",
    description:
      "1 while the consumer waits for its backfill, or for what one of its handlers asked for with Subscriber.cool",
    labels: [consumer]
  },
  recovering: {
    name: "effect_integration.consumer.recovering",
    kind: "gauge",
    unit: "1",
    description: "1 while what a process had in hand that ended without a word is handled with care",
    labels: [consumer]
  },
  unrouted: {
    name: "effect_integration.events.unrouted",
    kind: "gauge",
    unit: "{event}",
    description: "Events that were inserted by SQL and have no deliveries yet, counted up to 10,000",
    labels: []
  },
  unserved: {
    name: "effect_integration.subscriptions.unserved",
    kind: "gauge",
    unit: "{subscription}",
    description: "Subscriptions that no process which runs serves",
    labels: []
  },
  readable: {
    name: "effect_integration.gauges.readable",
    kind: "gauge",
    unit: "1",
    description: "1 while the figures that all processes share can be read; while they cannot, there are none of them",
    labels: [],
    ofSeveral: "least"
  },
  listener: {
    name: "effect_integration.listener.connected",
    kind: "gauge",
    unit: "1",
    description: "1 while this process is told of other processes' events, 0 while it finds them by polling",
    labels: [],
    ofSeveral: "least"
  }
} as const satisfies Readonly<Record<string, MetricDefinition>>
