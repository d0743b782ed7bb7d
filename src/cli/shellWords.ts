/**
 * What services say to whoever writes code, said to whoever sits at a shell.
 *
 * @internal
 */

/** Options whose flag has another name. */
const flags: Readonly<Record<string, string | undefined>> = {
  eventName: "--event",
  errorTag: "--tag",
  fingerprint: "--error",
  isUndecodable: "--undecodable",
  correlationId: "--correlation",
  causationId: "--causation",
  deliveryIds: "The id of a delivery",
  "filter.deliveryIds": "The id of a delivery"
}

const flagOf = (option: string): string =>
  flags[option] ?? `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/**
 * The same sentence with flags and commands for options and functions. Over HTTP there is nothing of an error but its sentence.
 *
 * @param migrate - the command that migrates where this call looks
 */
export const toShell = (text: string, migrate: string): string =>
  text
    .replace(/^Option ([\w.]+) of [\w. ]+? is /, (_, option: string) => `${flagOf(option)} is `)
    .replace(/^Option ((?:\w+\.)+\w+) is /, "$1 is ")
    .replace(/Run the migrations \(npx effect-integration migrate, .*$/, () => `Run: ${migrate}`)
    .replace("what Migrations.sql() gives", "what npx effect-integration migrate sql writes")
