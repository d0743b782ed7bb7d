/**
 * Options that have no effect: they are refused rather than ignored.
 *
 * @internal
 */
import { UnsupportedOption } from "./DeclarationErrors.ts"

/**
 * The error that names the first of these options that is not supported; undefined when all are.
 *
 * @param where - where they were given, for example `Consumer "operations.tasks"`
 */
export const unknownOption = (
  where: string,
  options: object,
  supported: ReadonlyArray<string>
): UnsupportedOption | undefined => {
  const option = Object.keys(options).find((name) => !supported.includes(name))
  return option === undefined ? undefined : new UnsupportedOption({ where, option, supported })
}
