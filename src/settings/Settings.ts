/**
 * Settings that can change while processes run.
 *
 * Weakest first: defaults, options of `Integration.layer`, environment, `integration_setting`, and a consumer's own
 * options. A stored change is in force within one poll.
 *
 * @since 0.1.0
 */
import { Config, Context, Effect, Layer, Option, Ref, type Schema } from "effect"
import { makeIsFirst } from "../collections/bounded.ts"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { SettingStore } from "./SettingStore.ts"
import { unknownKeyText } from "./unknownKey.ts"

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

const prefix = "core.integration.outbox."

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
  notifyEnabled: boolean("notifyEnabled")
}

const names = Object.keys(definitions) as ReadonlyArray<keyof Values>

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

/** What a valid value looks like, in words. */
const expected = (name: keyof Values): string => {
  const setting = definitions[name]
  return setting.type === "boolean" ? "true or false" : `an integer from ${setting.minimum} to ${setting.maximum}`
}

/**
 * The value in `raw`, or `undefined` when it is not valid for this setting. Numbers and booleans may come as text.
 *
 * @internal
 */
export const parse = (name: keyof Values, raw: unknown): number | boolean | undefined => {
  const setting = definitions[name]
  if (setting.type === "boolean") {
    return raw === true || raw === "true" ? true : raw === false || raw === "false" ? false : undefined
  }
  const value = typeof raw === "string" && /^\s*\d+\s*$/.test(raw) ? Number(raw) : raw
  return typeof value === "number" && Number.isInteger(value) && value >= setting.minimum && value <= setting.maximum
    ? value
    : undefined
}

/** A value that was replaced. @internal */
export interface Rejected {
  readonly key: string
  readonly value: string
  readonly expected: string
  readonly used: number | boolean
}

type Source = Readonly<Partial<Record<keyof Values, unknown>>>

/**
 * Settings from several sources, weakest first. A value that is not valid is replaced by that of the next weaker
 * source, in the end the default.
 *
 * @internal
 */
export const resolve = (
  sources: ReadonlyArray<Source>
): { readonly values: Values; readonly rejected: ReadonlyArray<Rejected> } => {
  const rejected: Array<Rejected> = []
  const values: Record<string, number | boolean> = {}
  const reject = (name: keyof Values, raw: unknown, wanted: string) =>
    rejected.push({
      key: definitions[name].key,
      value: typeof raw === "string" ? raw : (JSON.stringify(raw) ?? String(raw)),
      expected: wanted,
      used: values[name] as number | boolean
    })
  for (const name of names) {
    values[name] = definitions[name].default
    const bad: Array<unknown> = []
    for (const source of sources) {
      const raw = source[name]
      if (raw === undefined) continue
      const value = parse(name, raw)
      if (value === undefined) bad.push(raw)
      else values[name] = value
    }
    for (const raw of bad) reject(name, raw, expected(name))
  }
  const polling = values.pollingIntervalMs as number
  const idle = values.idlePollingIntervalMs as number
  if (idle < polling) {
    values.idlePollingIntervalMs = Math.max(definitions.idlePollingIntervalMs.default, polling)
    reject("idlePollingIntervalMs", idle, `at least pollingIntervalMs (${polling})`)
  }
  return { values: values as unknown as Values, rejected }
}

const keys = names.map((name) => definitions[name].key)

/** Stored settings by short name. */
const fromKeys = (stored: Readonly<Record<string, unknown>>): Source =>
  Object.fromEntries(names.map((name) => [name, stored[definitions[name].key]]))

const fromEnvironment = Effect.gen(function* () {
  const entries: Array<readonly [string, string]> = []
  for (const name of names) {
    const value = yield* Config.option(Config.String(environmentName(name)))
    if (Option.isSome(value)) entries.push([name, value.value])
  }
  return Object.fromEntries(entries) as Source
})

const validateOptions = (options: Partial<Values>): Effect.Effect<void, InvalidOption | UnsupportedOption> => {
  const unknown = unknownOption("Integration.layer settings", options, names)
  if (unknown !== undefined) return Effect.fail(unknown)
  const asText = names.find((name) => typeof options[name] === "string")
  const rejected =
    asText === undefined
      ? resolve([options]).rejected[0]
      : { key: definitions[asText].key, value: JSON.stringify(options[asText]), expected: expected(asText) }
  if (rejected === undefined) return Effect.void
  return Effect.fail(new InvalidOption({ option: rejected.key, value: rejected.value, expected: rejected.expected }))
}

/**
 * The settings in force.
 *
 * @since 0.1.0
 */
export class Settings extends Context.Service<
  Settings,
  {
    /** The values in force now. */
    readonly current: Effect.Effect<Values>
    /**
     * Takes over stored settings (by key), warning once about each value that is not valid, and each key that is not known.
     * Returns what is in force.
     */
    readonly apply: (stored: Readonly<Record<string, Schema.Json>>) => Effect.Effect<Values>
    /** Reads the stored settings now, without waiting for the next poll. */
    readonly refresh: Effect.Effect<Values, StoreError>
  }
>()("effect-integration/Settings") {
  /**
   * @param options - values that replace defaults. Fails with `InvalidOption` when one is out of its range,
   * `UnsupportedOption` when there is no such setting, and `StoreError` when the stored settings cannot be read. Values from
   * environment and store that are not valid are replaced by those of the next weaker source, with a warning naming key and
   * value
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: Partial<Values> = {}
  ): Layer.Layer<Settings, InvalidOption | UnsupportedOption | StoreError | Config.ConfigError, SettingStore> =>
    Layer.effect(
      Settings,
      Effect.gen(function* () {
        yield* validateOptions(options)
        const store = yield* SettingStore
        const environment = yield* fromEnvironment
        const current = yield* Ref.make(defaults)
        const isFirst = makeIsFirst()
        const warnOnce = (about: string, text: () => string) =>
          isFirst(about) ? Effect.logWarning(text()) : Effect.void
        const warnRejected = ({ expected, key, used, value }: Rejected) => {
          const text = `Setting ${key} is ${value}, expected ${expected}; using ${used}`
          return warnOnce(text, () => text)
        }
        const warnUnknown = (key: string) => warnOnce(key, () => unknownKeyText(key, keys, prefix))
        const apply = Effect.fnUntraced(function* (stored: Readonly<Record<string, Schema.Json>>) {
          const { rejected, values } = resolve([options, environment, fromKeys(stored)])
          yield* Effect.forEach(rejected, warnRejected, { discard: true })
          const unknown = Object.keys(stored).filter((key) => !keys.includes(key))
          yield* Effect.forEach(unknown, warnUnknown, { discard: true })
          yield* Ref.set(current, values)
          return values
        })
        const refresh = Effect.flatMap(store.all, apply)
        yield* refresh
        return Settings.of({ current: Ref.get(current), apply, refresh })
      })
    )
}
