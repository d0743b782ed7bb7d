/**
 * Stored settings in memory, and what the poll reads of them.
 *
 * @internal
 */
import { Context, Effect, Layer, type Schema } from "effect"
import { type SettingChange, SettingStore } from "../settings/SettingStore.ts"
import { settingEntry } from "../stores/AuditStore.ts"
import { MemoryAudit } from "./audit.ts"
import { ascending } from "./comparators.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import type { Transaction } from "./transaction.ts"

interface Change extends SettingChange {
  readonly number: bigint
}

export class MemorySettings extends Context.Service<
  MemorySettings,
  { readonly values: (transaction: Transaction) => Readonly<Record<string, Schema.Json>> }
>()("effect-integration/MemorySettings") {
  static readonly layer: Layer.Layer<MemorySettings | SettingStore, never, MemoryDatabase | MemoryAudit> =
    Layer.effectContext(
      Effect.gen(function* () {
        const { internal: database } = yield* MemoryDatabase
        const audit = yield* MemoryAudit
        /** As text, so that nobody can change what is stored. */
        const settings = database.table<{ readonly key: string; readonly json: string }>()
        const changes = database.table<Change>()
        const valueOf = (transaction: Transaction, key: string): Schema.Json | undefined => {
          const row = transaction.read(settings, key)
          return row === undefined ? undefined : JSON.parse(row.json)
        }
        const values = (transaction: Transaction) =>
          Object.fromEntries(
            [...transaction.rows(settings)].map(({ json, key }) => [key, JSON.parse(json) as Schema.Json])
          )
        const change = (
          key: string,
          value: Schema.Json | undefined,
          changedBy: string | undefined,
          reason: string | undefined
        ) =>
          database.run((transaction) =>
            Effect.gen(function* () {
              yield* database.lock(transaction, settings, key)
              const now = yield* database.now
              const previousValue = valueOf(transaction, key)
              if (value === undefined && previousValue === undefined) return
              transaction.write(settings, key, value === undefined ? undefined : { key, json: JSON.stringify(value) })
              const number = database.nextPosition()
              const entry = yield* settingEntry(key, value, changedBy, reason)
              const by = { changedAt: new Date(now), changedBy, reason: entry.reason ?? undefined }
              transaction.write(changes, String(number), { number, key, value, previousValue, ...by })
              audit.add(transaction, entry, now)
            })
          )
        const store = SettingStore.of({
          all: database.read(values),
          set: change,
          remove: (key, changedBy, reason) => change(key, undefined, changedBy, reason),
          history: (key) =>
            database.read((transaction) =>
              [...transaction.rows(changes)]
                .filter((each) => each.key === key)
                .toSorted((a, b) => ascending(b.number, a.number))
                .map(({ number: _, ...each }) => each)
            )
        })
        return Context.make(MemorySettings, MemorySettings.of({ values })).pipe(Context.add(SettingStore, store))
      })
    )
}
