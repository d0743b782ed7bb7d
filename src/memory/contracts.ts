/**
 * Contracts in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { type Contract, type ContractKey, ContractStore, type StoredContract } from "../stores/ContractStore.ts"
import { ascending } from "./comparators.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

/** As text, so that nobody can change what is stored. */
type ContractRecord = Omit<StoredContract, "jsonSchema"> & { readonly json: string }

const keyOf = ({ eventName, version }: ContractKey) => JSON.stringify([eventName, version])

const byKey = (a: ContractKey, b: ContractKey) => ascending(a.eventName, b.eventName) || a.version - b.version

const toStored = ({ json, ...record }: ContractRecord): StoredContract => ({ ...record, jsonSchema: JSON.parse(json) })

const toRecord = ({ jsonSchema, ...contract }: Contract, firstSeenAt: Date, now: number): ContractRecord => ({
  ...contract,
  json: JSON.stringify(jsonSchema),
  firstSeenAt,
  lastSeenAt: new Date(now)
})

export const layer: Layer.Layer<ContractStore, never, MemoryDatabase> = Layer.effect(
  ContractStore,
  Effect.gen(function* () {
    const { internal: database } = yield* MemoryDatabase
    const contracts = database.table<ContractRecord>()
    const write = (given: ReadonlyArray<Contract>, isReplacing: boolean) =>
      database.run((transaction) =>
        Effect.forEach(
          given.toSorted(byKey),
          (contract) => {
            const key = keyOf(contract)
            return Effect.map(Effect.andThen(database.lock(transaction, contracts, key), database.now), (now) => {
              const before = transaction.read(contracts, key)
              if (before !== undefined && !isReplacing) return
              transaction.write(contracts, key, toRecord(contract, before?.firstSeenAt ?? new Date(now), now))
            })
          },
          { discard: true }
        )
      )
    return ContractStore.of({
      find: (keys) =>
        database.read((transaction) => {
          const wanted = [...new Set(keys.map(keyOf))]
          const found = wanted.flatMap((key) => transaction.read(contracts, key) ?? [])
          return found.toSorted(byKey).map(toStored)
        }),
      add: (given) => write(given, false),
      replace: (given) => write(given, true),
      all: database.read((transaction) => [...transaction.rows(contracts)].toSorted(byKey).map(toStored))
    })
  })
)
