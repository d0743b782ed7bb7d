/**
 * Every setting with its value, and where that comes from.
 *
 * @internal
 */
import { definitions, names, type Values } from "./definitions.ts"
import { parse, type Rejected, resolve, type Source } from "./resolve.ts"

/** Where settings come from, weakest first. */
export interface Sources {
  readonly option: Source
  readonly environment: Source
  readonly stored: Source
}

/** A setting as it is in force. @since 0.1.0 */
export interface SettingInForce {
  readonly name: keyof Values
  /** As it is stored. */
  readonly key: string
  readonly value: number | boolean
  /** What said so. */
  readonly source: "default" | keyof Sources
  /** Values that were given and could not be used. */
  readonly rejected: ReadonlyArray<Rejected>
}

const strongestFirst = ["stored", "environment", "option"] as const

/** All settings, in the order of their definitions. */
export const inForce = (sources: Sources): ReadonlyArray<SettingInForce> => {
  const { rejected, values } = resolve([sources.option, sources.environment, sources.stored])
  return names.map((name) => {
    const { key } = definitions[name]
    const given = strongestFirst.find((source) => parse(name, sources[source][name]) !== undefined)
    return {
      name,
      key,
      value: values[name],
      source: given ?? "default",
      rejected: rejected.filter((each) => each.key === key)
    }
  })
}
