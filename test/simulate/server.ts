/** The database that all processes of a run share: the stores in memory, a clock of its own, and who has what open. */
import { Context, Effect, Layer, Scope } from "effect"
import { MemoryDatabase } from "../../src/memory/MemoryDatabase.ts"
import * as MemoryStores from "../../src/memory/stores.ts"
import { MemoryTables, type Tables } from "../../src/memory/tables.ts"
import type { Transaction } from "../../src/memory/transaction.ts"
import { Machine } from "./machine.ts"
import type { World } from "./world.ts"

export type Stores = Layer.Success<typeof MemoryStores.layer>

export interface Server {
  /** Runs what belongs to nobody; its clock is the database's. */
  readonly machine: Machine
  readonly stores: Context.Context<Stores>
  readonly tables: Tables
  readonly database: MemoryDatabase["Service"]
  /** Transactions that are open, by process, and what ends with them. */
  readonly open: Map<Machine, Map<Transaction, () => void>>
}

export const makeServer = (world: World, seed: number): Server => {
  const machine = new Machine(world, "server", seed, 1000)
  let stores: Context.Context<Stores> | undefined
  machine.fork(
    Effect.flatMap(Scope.make(), (scope) =>
      Effect.map(Layer.buildWithMemoMap(MemoryStores.layer, Layer.makeMemoMapUnsafe(), scope), (built) => {
        stores = built
      })
    )
  )
  world.run(world.now)
  if (stores === undefined) throw new Error("The stores were not built")
  return {
    machine,
    stores,
    tables: Context.get(stores, MemoryTables),
    database: Context.get(stores, MemoryDatabase),
    open: new Map()
  }
}

/** Rolls back what a process had open: it is gone, or has been silent for too long. */
export const endTransactions = (server: Server, machine: Machine): number => {
  const open = [...(server.open.get(machine) ?? [])]
  server.open.delete(machine)
  for (const [transaction, onEnd] of open) {
    onEnd()
    server.tables.database.abandon(transaction)
  }
  return open.length
}
