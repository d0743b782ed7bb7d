/**
 * Names of what is published, for metrics and spans.
 *
 * @internal
 */
import { maxLength } from "../model/DomainEvent.ts"
import { identifierProblem } from "../model/storable.ts"

/** Names of what was to be published, as far as there are any: types do not reach everybody. What is no name is "other". */
export const known = (names: () => ReadonlyArray<string>): ReadonlyArray<string> => {
  try {
    return names().map((name) => (identifierProblem(name, maxLength.eventName) === undefined ? name : "other"))
  } catch {
    return []
  }
}
