/**
 * What holds, of the values that several sources give.
 *
 * @internal
 */
import { definitions, names, type Values } from "./definitions.ts"

/** What a valid value looks like, in words. */
export const expected = (name: keyof Values): string => {
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

/** Values as they were given. */
export type Source = Readonly<Partial<Record<keyof Values, unknown>>>

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
