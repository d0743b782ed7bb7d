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
import { defaults, definitions, environmentName, names, prefix, type Values } from "./definitions.ts"
import { inForce, type SettingInForce } from "./inForce.ts"
import { IsOnlooker } from "./onlooker.ts"
import { expected, type Rejected, resolve, type Source } from "./resolve.ts"
import { SettingStore } from "./SettingStore.ts"
import { unknownKeyText } from "./unknownKey.ts"

export {
  type BooleanSetting,
  defaults,
  definitions,
  environmentName,
  type NumberSetting,
  type Values
} from "./definitions.ts"
export type { SettingInForce } from "./inForce.ts"
export { parse, type Rejected, resolve } from "./resolve.ts"

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
    /** Of the values that were given last: those that are not valid, and stored keys that are not known. */
    readonly problems: Effect.Effect<{
      readonly rejected: ReadonlyArray<Rejected>
      readonly unknown: ReadonlyArray<string>
    }>
    /** Reads the stored settings now, without waiting for the next poll. */
    readonly refresh: Effect.Effect<Values, StoreError>
    /** All settings, with where the value of each comes from. */
    readonly inForce: Effect.Effect<ReadonlyArray<SettingInForce>>
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
        const isOnlooker = yield* IsOnlooker
        const environment = isOnlooker ? {} : yield* fromEnvironment
        const told = isOnlooker ? {} : options
        const current = yield* Ref.make(defaults)
        const problems = yield* Ref.make<{
          readonly rejected: ReadonlyArray<Rejected>
          readonly unknown: ReadonlyArray<string>
        }>({ rejected: [], unknown: [] })
        const storedNow = yield* Ref.make<Source>({})
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
          yield* Ref.set(problems, { rejected, unknown })
          yield* Ref.set(storedNow, fromKeys(stored))
          return values
        })
        const refresh = Effect.flatMap(store.all, apply)
        yield* refresh
        return Settings.of({
          current: Ref.get(current),
          apply,
          problems: Ref.get(problems),
          refresh,
          inForce: Effect.map(Ref.get(storedNow), (stored) => inForce({ option: told, environment, stored }))
        })
      })
    )
}
