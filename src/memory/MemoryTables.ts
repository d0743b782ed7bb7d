/**
 * The tables of this package in a `MemoryDatabase`.
 *
 * @internal
 */
import { Context, Layer } from "effect"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import { Tables } from "./tables.ts"

export class MemoryTables extends Context.Service<MemoryTables, Tables>()("effect-integration/MemoryTables") {
  static readonly layer: Layer.Layer<MemoryTables, never, MemoryDatabase> = Layer.effect(
    MemoryTables,
    MemoryDatabase.useSync((database) => new Tables(database.internal))
  )
}
