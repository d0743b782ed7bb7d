/**
 * What commands that are suggested repeat of the call that suggests them.
 *
 * @internal
 */

/** Without its password, which is not to be on a screen: libpq and `pg` take it from `PGPASSWORD`. */
const withoutPassword = (url: string): string => {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  if (parsed.password === "" && !parsed.searchParams.has("password")) return url
  parsed.password = ""
  parsed.searchParams.delete("password")
  return parsed.href
}

/** What a suggested command repeats of `--url` and `--schema`, as they were given; a token is nobody's to see. */
export const repeatedOf = (url: string | undefined, schema: string | undefined): ReadonlyArray<string> => [
  ...(url === undefined ? [] : ["--url", withoutPassword(url)]),
  ...(schema === undefined ? [] : ["--schema", schema])
]
