/**
 * The option `announceInserts`, of migrations and of a start.
 *
 * @internal
 */
import { InvalidOption } from "../errors/DeclarationErrors.ts"

/** What is wrong with it: types do not reach everybody who gives one. */
export const switchProblem = (given: boolean | undefined): InvalidOption | undefined =>
  given === undefined || typeof given === "boolean"
    ? undefined
    : new InvalidOption({ option: "announceInserts", value: String(given), expected: "true or false" })
