/**
 * All settings: what each is called, what it may be, and what it is by default.
 *
 * @since 0.1.0
 */

/**
 * All settings, by their short names.
 *
 * @since 0.1.0
 */
export interface Values {
  /** Whether events may be published; `Publisher` fails with `OutboxDisabled` when not. Default true. */
  readonly enabled: boolean
  /** Whether this process delivers. Default true. */
  readonly processorEnabled: boolean
  /** Whether a consumer drains what is due before its layer is ready. Default true. */
  readonly startupDrainEnabled: boolean
  /** Milliseconds between polls while there is work. Default 5000, at least 100. */
  readonly pollingIntervalMs: number
  /** Milliseconds between polls when idle. Default 30000, at least 100 and at least `pollingIntervalMs`. */
  readonly idlePollingIntervalMs: number
  /** Deliveries a worker's first batch claims; it grows from there. Default 10, at least 1. */
  readonly batchSize: number
  /** Attempts before a delivery is a dead letter. Default 3, at least 1. */
  readonly maxAttempts: number
  /**
   * Milliseconds a leased delivery is kept from others without a sign of life of its process, and a transaction of deliveries may
   * be idle; 1.25 times the handler's timeout, where that is longer and the process lives. Default 30000, at least 1000.
   */
  readonly processingLeaseMs: number
  /** Milliseconds after the first failure; doubles with each further one. Default 1000, at least 100. */
  readonly retryBaseDelayMs: number
  /** Longest delay between two attempts, in milliseconds. Default 3600000 (an hour), at least 100. */
  readonly retryMaxDelayMs: number
  /** Per cent of a delay by which it may be shortened at random. Default 0, from 0 to 100. */
  readonly retryJitterPercent: number
  /** Whether deliveries that gave up become dead letters; otherwise they end as `failed`. Default true. */
  readonly deadLetterEnabled: boolean
  /** Deliveries the first batch of a startup drain claims. Default 50, at least 1. */
  readonly startupDrainBatchSize: number
  /**
   * Hours after which settled events are removed, with their deliveries; as long do dedupe keys hold. Default 0: they
   * stay.
   */
  readonly retentionHours: number
  /**
   * Hours after which settled events with deliveries that gave up are removed, with their deliveries. Default 0: they stay.
   */
  readonly deadLetterRetentionHours: number
  /**
   * Hours for which messages of other services are known again, from their first arrival on, whatever has become of their events:
   * see `Publisher.import`. Default 720 (30 days); 0: for ever.
   */
  readonly receivedRetentionHours: number
  /** Hours for which entries of the audit stay. Default 8760 (a year); 0: for ever. */
  readonly auditRetentionHours: number
  /** Whether processes wake each other through LISTEN and NOTIFY; read when a process starts. Default true. */
  readonly notifyEnabled: boolean
}

/** A setting that is on or off, by its full key. @since 0.1.0 */
export interface BooleanSetting {
  readonly type: "boolean"
  readonly key: string
  readonly default: boolean
}

/** A setting that is a whole number within bounds, by its full key. @since 0.1.0 */
export interface NumberSetting {
  readonly type: "number"
  readonly key: string
  readonly default: number
  readonly minimum: number
  readonly maximum: number
}

type SettingOf<Value> = Value extends boolean ? BooleanSetting : NumberSetting

/** What every key begins with. @internal */
export const prefix = "core.integration.outbox."

const boolean = (key: string): BooleanSetting => ({ type: "boolean", key: prefix + key, default: true })

/** Largest number a setting may have: the longest timer of Node.js, about 24 days in milliseconds. */
const largest = 2_147_483_647

/** Deliveries one batch may hold, as of consumers: `maxBatchSize` in `model/Consumer.ts`. */
const largestBatch = 500

const number = (key: string, value: number, minimum: number, maximum = largest): NumberSetting => ({
  type: "number",
  key: prefix + key,
  default: value,
  minimum,
  maximum
})

/** Key, default, minimum and maximum of every setting. @since 0.1.0 */
export const definitions: { readonly [Name in keyof Values]: SettingOf<Values[Name]> } = {
  enabled: boolean("enabled"),
  processorEnabled: boolean("processor.enabled"),
  startupDrainEnabled: boolean("startupDrainEnabled"),
  pollingIntervalMs: number("pollingIntervalMs", 5000, 100),
  idlePollingIntervalMs: number("idlePollingIntervalMs", 30_000, 100),
  batchSize: number("batchSize", 10, 1, largestBatch),
  maxAttempts: number("maxAttempts", 3, 1),
  processingLeaseMs: number("processingLeaseMs", 30_000, 1000),
  retryBaseDelayMs: number("retryBaseDelayMs", 1000, 100),
  retryMaxDelayMs: number("retryMaxDelayMs", 3_600_000, 100),
  retryJitterPercent: number("retryJitterPercent", 0, 0, 100),
  deadLetterEnabled: boolean("deadLetterEnabled"),
  startupDrainBatchSize: number("startupDrainBatchSize", 50, 1, largestBatch),
  retentionHours: number("retentionHours", 0, 0),
  deadLetterRetentionHours: number("deadLetterRetentionHours", 0, 0),
  receivedRetentionHours: number("receivedRetentionHours", 720, 0),
  auditRetentionHours: number("auditRetentionHours", 8760, 0),
  notifyEnabled: boolean("notifyEnabled")
}

/** @internal */
export const names = Object.keys(definitions) as ReadonlyArray<keyof Values>

/** @since 0.1.0 */
export const defaults: Values = Object.fromEntries(
  names.map((name) => [name, definitions[name].default])
) as unknown as Values

/**
 * Name of the environment variable of a setting: its key in capitals, for example
 * `CORE_INTEGRATION_OUTBOX_BATCH_SIZE`.
 *
 * @since 0.1.0
 */
export const environmentName = (name: keyof Values): string =>
  definitions[name].key
    .replaceAll(".", "_")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toUpperCase()
