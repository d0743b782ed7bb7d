/**
 * Contracts in a file beside the code, as one line of a suite.
 *
 * @internal
 */
import { readFile, rename, writeFile } from "node:fs/promises"
import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import { type CheckOptions, checkAll } from "../contracts/check.ts"
import { type CommittedContract, commit, readCommitted, writeCommitted } from "../contracts/committed.ts"
import { contractsOf } from "../contracts/contractsOf.ts"
import { ContractFileInvalid, ContractsBroken, ContractsOutdated } from "../errors/ContractErrors.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"

/** Options of `contracts`. @since 0.1.0 */
export interface ContractOptions extends CheckOptions {
  /** Whether the file is written when the code has more than it, and nothing breaks; default: unless the variable `CI` is set. */
  readonly write?: boolean
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT"

const invalid = (file: string, error: unknown) =>
  new ContractFileInvalid({
    file,
    issues: [{ path: "", message: error instanceof Error ? error.message : String(error) }],
    reason: error instanceof SyntaxError ? "content" : "access"
  })

/** What is committed; nothing when there is no file yet. */
export const readContracts = (file: string): Effect.Effect<ReadonlyArray<CommittedContract>, ContractFileInvalid> =>
  Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: (error) => error }).pipe(
    Effect.flatMap((text) => Effect.try({ try: () => JSON.parse(text) as unknown, catch: (error) => error })),
    Effect.mapError((error) => (isMissing(error) ? undefined : invalid(file, error))),
    Effect.flatMap((committed) => readCommitted(committed, file)),
    Effect.catch((error) => (error === undefined ? Effect.succeed([]) : Effect.fail(error)))
  )

/** Puts a file in the place of another at once, so that nobody reads half of one. */
export const writeContracts = (file: string, contracts: ReadonlyArray<CommittedContract>) =>
  Effect.tryPromise({
    try: async () => {
      const beside = `${file}.${process.pid}`
      await writeFile(beside, `${JSON.stringify(writeCommitted(contracts), null, 2)}\n`)
      await rename(beside, file)
    },
    catch: (error) => invalid(file, error)
  })

const keyOf = ({ eventName, version }: Pick<CommittedContract, "eventName" | "version">) =>
  `${eventName} version ${version}`

/** The committed contracts as the code has them. Versions that it reads by a later schema stay as they were, golden payloads too. */
const updated = (
  committed: ReadonlyArray<CommittedContract>,
  definitions: ReadonlyArray<DomainEvent.Definition.Any>
): ReadonlyArray<CommittedContract> => {
  const known = new Map(committed.map((contract) => [keyOf(contract), contract]))
  const now = contractsOf(definitions).map((contract) => commit(contract, known.get(keyOf(contract))?.golden ?? []))
  for (const contract of now) known.set(keyOf(contract), contract)
  return [...known.values()]
}

const isCi = () => !["", "0", "false", undefined].includes(process.env.CI)

/**
 * Compares definitions with what is committed in a file, for one line of a suite:
 * `it.effect("contracts", () => Testing.contracts(definitions, "contracts.json"))`.
 *
 * What is new and breaks nothing is written to the file, which is to be committed; golden payloads in it stay. Where `CI` is set it
 * fails with `ContractsOutdated` instead.
 *
 * @param definitions - all events of the application
 * @param file - where contracts are committed, from the working directory on; it is made if there is none
 *
 * Fails with `ContractsBroken` when earlier payloads could not be read, or new ones not by yesterday's processes;
 * `ContractFileInvalid` when the file is something else, or cannot be read or written. The file stays as it was.
 *
 * @since 0.1.0
 */
export const contracts = (
  definitions: ReadonlyArray<DomainEvent.Definition.Any>,
  file: string,
  { write = !isCi(), ...options }: ContractOptions = {}
): Effect.Effect<void, ContractsBroken | ContractsOutdated | ContractFileInvalid> =>
  Effect.gen(function* () {
    const committed = yield* readContracts(file)
    const found = yield* checkAll(committed, definitions, options)
    const problems = found.filter(({ verdict }) => verdict === "breaks")
    if (problems.length > 0) return yield* new ContractsBroken({ file, problems })
    for (const { change, event, version } of found) yield* Effect.logWarning(`${event} version ${version}: ${change}`)
    const now = updated(committed, definitions)
    const changed = now.filter((contract) => !committed.some((before) => isDeepStrictEqual(before, contract)))
    if (changed.length === 0) return
    if (!write) return yield* new ContractsOutdated({ file, changed: changed.map(keyOf) })
    yield* writeContracts(file, now)
  })
