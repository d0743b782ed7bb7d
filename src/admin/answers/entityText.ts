/**
 * Entities as people write them.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"

/** Of `module/Type/id` or `Type/id`; ids may hold slashes when there is a module. */
export const entityOf = Effect.fnUntraced(function* (text: string) {
  const parts = text.split("/")
  const [first = "", second = "", ...rest] = parts
  if (parts.every((part) => part !== "")) {
    if (parts.length === 2) return { entityType: first, entityId: second }
    if (parts.length > 2) return { module: first, entityType: second, entityId: rest.join("/") }
  }
  return yield* new InvalidOption({
    option: "aggregate",
    value: text,
    expected: "module/Type/id or Type/id, as finance/Invoice/42"
  })
})
