/**
 * What is said of a stored key that is none of a setting.
 *
 * @internal
 */
import { nearest } from "../errors/nearest.ts"

/** @param prefix - what all `keys` begin with */
export const unknownKeyText = (key: string, keys: ReadonlyArray<string>, prefix: string): string => {
  const meant = nearest(key, keys, prefix)
  const hint = meant === undefined ? "" : `; is ${meant} meant?`
  return `Setting ${key} of integration_setting is not known and has no effect${hint}`
}
