/**
 * What somebody asks for on the command line.
 *
 * @internal
 */
import { parseArgs } from "node:util"
import { schemaOfUrl } from "../integration/schemaOption.ts"

export const usage = `effect-integration <command> [options]

  migrate   runs pending migrations, and takes over tables of the reference system
  status    says which are pending, or why a start would refuse the tables; the exit code is 1 then
  sql       writes one script for an administrator to the standard output

  --url <url>        of the PostgreSQL server, as postgres://user:password@host/database; default: DATABASE_URL
  --schema <name>    where the tables live; default: the one of the url (?schema=),
                     else the first schema of search_path
  --wait <seconds>   how long a server that is not there yet is tried again; default: 30
  --from <version>   sql: of the tables that are there; default: 0, none
  --help, --version

The exit code is 0 when it was done, 1 when not, 2 for what is not understood.`

/** One thing to do. */
export type Command =
  | { readonly name: "migrate" | "status"; readonly url: string; readonly schema?: string; readonly wait: number }
  | { readonly name: "sql"; readonly schema?: string; readonly from: number }
  | { readonly name: "help" | "version" }
  | { readonly name: "refused"; readonly problem: string }

const refused = (problem: string): Command => ({ name: "refused", problem })

const optionsOf = {
  migrate: ["url", "schema", "wait"],
  status: ["url", "schema", "wait"],
  sql: ["schema", "from"]
} as const

const isCommand = (name: string | undefined): name is keyof typeof optionsOf => name !== undefined && name in optionsOf

const parsed = (given: ReadonlyArray<string>) => {
  const text = { type: "string" } as const
  const flag = { type: "boolean" } as const
  return parseArgs({
    args: [...given],
    allowPositionals: true,
    options: { url: text, schema: text, wait: text, from: text, help: { ...flag, short: "h" }, version: flag }
  })
}

/** A whole number of at least zero; of anything else, nothing. */
const countOf = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined)

const read = (
  { positionals, values }: ReturnType<typeof parsed>,
  environment: Readonly<Record<string, string | undefined>>
): Command => {
  if (values.help === true) return { name: "help" }
  if (values.version === true) return { name: "version" }
  const [name, ...more] = positionals
  if (name === undefined) return refused("Which command?")
  if (!isCommand(name)) return refused(`There is no command "${name}".`)
  if (more.length > 0) return refused(`What is "${more[0]}"? ${name} takes options only.`)
  const odd = Object.keys(values).find((option) => !(optionsOf[name] as ReadonlyArray<string>).includes(option))
  if (odd !== undefined) return refused(`${name} has no option --${odd}.`)
  const { from = "0", schema, url = environment.DATABASE_URL ?? "", wait = "30" } = values
  const [version, seconds] = [countOf(from), countOf(wait)]
  if (version === undefined) return refused(`--from takes a version, not "${from}".`)
  if (seconds === undefined) return refused(`--wait takes whole seconds, not "${wait}".`)
  const meant = schema ?? (name === "sql" ? undefined : schemaOfUrl(url))
  const where = meant === undefined ? {} : { schema: meant }
  if (name === "sql") return { name, from: version, ...where }
  if (url === "") return refused("Which database? Give --url, or set DATABASE_URL.")
  return { name, url, wait: seconds, ...where }
}

/**
 * What is asked for, or what is wrong with it.
 *
 * @param given - arguments after the program's name
 * @param environment - where `DATABASE_URL` is looked for
 */
export const commandOf = (
  given: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): Command => {
  try {
    return read(parsed(given), environment)
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  }
}
