/**
 * The contract for stored settings, which win over options and environment and can change while processes run.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"

/** One change of a setting. @since 0.1.0 */
export interface SettingChange {
  readonly key: string
  /** `undefined` when it was removed. */
  readonly value: Schema.Json | undefined
  readonly previousValue: Schema.Json | undefined
  readonly changedAt: Date
  readonly changedBy: string | undefined
  /** Why, if somebody said so. */
  readonly reason: string | undefined
}

/**
 * Stores settings and the history of their changes, each with an entry of the audit; fails with `StoreError`. Values are not judged
 * here: `Settings` does that when it reads them.
 *
 * @since 0.1.0
 */
export class SettingStore extends Context.Service<
  SettingStore,
  {
    readonly all: Effect.Effect<Readonly<Record<string, Schema.Json>>, StoreError>
    /**
     * @param changedBy - who does it, for the history; default nobody
     * @param reason - why, for the history and the audit
     */
    readonly set: (
      key: string,
      value: Schema.Json,
      changedBy?: string,
      reason?: string
    ) => Effect.Effect<void, StoreError>
    /** Removes a setting, so that environment, options or default are in force again. */
    readonly remove: (key: string, changedBy?: string, reason?: string) => Effect.Effect<void, StoreError>
    /** Changes of one key, newest first. */
    readonly history: (key: string) => Effect.Effect<ReadonlyArray<SettingChange>, StoreError>
  }
>()("effect-integration/SettingStore") {}
