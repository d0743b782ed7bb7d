/**
 * `contracts`: what is registered, beside what is committed in a file.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import { asyncApi, moduleMap } from "../../contracts/Contracts.ts"
import { changesOf, refusedBy } from "../../contracts/changes.ts"
import { type CommittedContract, commit } from "../../contracts/committed.ts"
import { byKey } from "../../contracts/contractsOf.ts"
import { readerOf, samplesOf } from "../../contracts/samples.ts"
import type { Incompatible } from "../../errors/ContractErrors.ts"
import type { Contract } from "../../stores/ContractStore.ts"
import { readContracts, writeContracts } from "../../testing/contractFile.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { clean, safeJson } from "../output/clean.ts"
import type { Surface } from "../output/style.ts"
import { table } from "../output/table.ts"
import { count, many, when } from "../output/words.ts"
import { note, tell } from "../session.ts"

const keyOf = ({ eventName, version }: Pick<Contract, "eventName" | "version">) => JSON.stringify([eventName, version])

/** Payloads that are made up for each side, to show what breaks. */
const made = 50

const refusedOf = (writer: Contract, reader: Contract) =>
  Effect.flatMap(samplesOf(writer.jsonSchema, made, reader.fingerprint), (samples) => {
    const read = readerOf(reader.jsonSchema)
    return read === undefined ? Effect.succeed([]) : refusedBy(samples, read)
  })

/** What does not go together, and what only one side has. */
interface Comparison {
  readonly incompatible: ReadonlyArray<Incompatible>
  /** In the file only. */
  readonly unregistered: ReadonlyArray<{ readonly event: string; readonly version: number }>
  /** Registered only, or registered otherwise in what does not break. */
  readonly outdated: ReadonlyArray<{ readonly event: string; readonly version: number }>
}

const named = ({ eventName, version }: Contract) => ({ event: eventName, version })

const compare = Effect.fnUntraced(function* (
  committed: ReadonlyArray<CommittedContract>,
  registered: ReadonlyArray<Contract>
) {
  const known = new Map(registered.map((contract) => [keyOf(contract), contract]))
  const inFile = new Map(committed.map((contract) => [keyOf(contract), contract]))
  const incompatible = yield* Effect.forEach(committed, (before) => {
    const now = known.get(keyOf(before))
    if (now === undefined) return Effect.succeed([])
    return changesOf(before, now, { backward: refusedOf(before, now), forward: refusedOf(now, before) })
  })
  const result: Comparison = {
    incompatible: incompatible.flat(),
    unregistered: committed.filter((each) => !known.has(keyOf(each))).map(named),
    outdated: registered.filter((each) => inFile.get(keyOf(each))?.fingerprint !== each.fingerprint).map(named)
  }
  return result
})

const comparisonLines = ({ incompatible, outdated, unregistered }: Comparison): ReadonlyArray<string> => [
  ...incompatible.map(({ advice, change, event, path, version }) =>
    clean(`${event} version ${version}${path === "" ? "" : ` at ${path}`}: ${change}. ${advice}`)
  ),
  ...unregistered.map(({ event, version }) =>
    clean(`${event} version ${version} is in the file, and no process has registered it.`)
  ),
  ...outdated.map(({ event, version }) => clean(`${event} version ${version} is not in the file as it is registered.`))
]

const isFound = ({ incompatible, outdated, unregistered }: Comparison) =>
  incompatible.length + outdated.length + unregistered.length > 0

/** All that were ever registered. */
export const list = (_: object) =>
  asking(
    Effect.gen(function* () {
      const contracts = yield* (yield* Admin).contracts
      const now = new Date(yield* Clock.currentTimeMillis)
      const columns = [
        { title: "event", isFlexible: true },
        { title: "version", isRight: true },
        { title: "module" },
        { title: "aggregate" },
        { title: "owner" },
        { title: "last seen" },
        { title: "deprecated", isFlexible: true }
      ]
      const text = (surface: Surface) =>
        table(
          surface,
          columns,
          contracts.map((each) => [
            each.eventName,
            count(each.version),
            each.sourceModule,
            each.aggregateType,
            each.owner ?? "",
            when(surface, each.lastSeenAt, now),
            each.deprecated ?? ""
          ])
        )
      yield* tell(contracts, (surface) => (contracts.length === 0 ? "" : text(surface)))
      if (contracts.length === 0) yield* note("No contracts are registered.")
      return exitCodes.done
    })
  )

/** Compares a committed file with what is registered. */
export const check = ({ file }: { readonly file: string }) =>
  asking(
    Effect.gen(function* () {
      const committed = yield* readContracts(file)
      const comparison = yield* compare(committed, yield* (yield* Admin).contracts)
      yield* tell(comparison, () =>
        isFound(comparison)
          ? comparisonLines(comparison).join("\n")
          : `${many(committed.length, "version")} of events: as committed.`
      )
      return isFound(comparison) ? exitCodes.found : exitCodes.done
    })
  )

/** Writes what is registered into a file. Golden payloads stay, and so does what is not registered any more. */
export const update = ({ file, force }: { readonly file: string; readonly force: boolean }) =>
  asking(
    Effect.gen(function* () {
      const committed = yield* readContracts(file)
      const registered = yield* (yield* Admin).contracts
      const comparison = yield* compare(committed, registered)
      const breaking = comparison.incompatible.filter(({ verdict }) => verdict === "breaks")
      if (breaking.length > 0 && !force) {
        yield* tell({ ...comparison, written: false }, () =>
          comparisonLines({ incompatible: breaking, outdated: [], unregistered: [] }).join("\n")
        )
        yield* note(
          "The file stays as it was: what is registered breaks what is committed. Add --force to write it anyway."
        )
        return exitCodes.found
      }
      const before = new Map(committed.map((each) => [keyOf(each), each]))
      for (const each of registered) before.set(keyOf(each), commit(each, before.get(keyOf(each))?.golden ?? []))
      if (comparison.outdated.length > 0) yield* writeContracts(file, [...before.values()].toSorted(byKey))
      const changed = comparison.outdated.length
      yield* tell({ ...comparison, written: changed > 0 }, () =>
        changed === 0 ? "The file has them all." : clean(`Wrote ${many(changed, "version")} of events to ${file}.`)
      )
      return exitCodes.done
    })
  )

/** Who publishes what to whom, as a Mermaid flowchart. */
export const map = (_: object) =>
  asking(
    Effect.gen(function* () {
      const { consumers, contracts } = yield* Admin
      const interests = (yield* consumers.list).flatMap(({ consumer, subscriptions }) =>
        subscriptions.map(({ event }) => ({ consumer, event }))
      )
      const mermaid = moduleMap(yield* contracts, interests)
      yield* tell({ mermaid }, () => mermaid.trimEnd().split("\n").map(clean).join("\n"))
      return exitCodes.done
    })
  )

/** All contracts as an AsyncAPI 3.0 document, which is JSON in any case. */
export const asyncApiDocument = (info: { readonly title: string; readonly apiVersion: string }) =>
  asking(
    Effect.gen(function* () {
      const document = asyncApi(yield* (yield* Admin).contracts, { title: info.title, version: info.apiVersion })
      yield* tell(document, () => safeJson(document, 2))
      return exitCodes.done
    })
  )
