/**
 * What the option `schema` may be.
 *
 * @internal
 */
import { InvalidOption } from "../errors/DeclarationErrors.ts"

/** Longest name that PostgreSQL takes as it is, in bytes: the rest is cut off. */
const longest = 63

/** The schema that a url names, as those of Prisma do: PostgreSQL knows no such parameter. */
export const schemaOfUrl = (url: string): string | undefined =>
  (URL.canParse(url) ? new URL(url).searchParams.get("schema") : null) ?? undefined

/** Why a name is none of a schema. */
export const schemaProblem = (schema: unknown): InvalidOption | undefined => {
  if (schema === undefined) return undefined
  const isName =
    typeof schema === "string" && schema !== "" && !schema.includes("\u0000") && Buffer.byteLength(schema) <= longest
  return isName
    ? undefined
    : new InvalidOption({
        option: "schema",
        value: schema === "" ? "empty" : String(schema),
        expected: `a name of 1 to ${longest} bytes`
      })
}
