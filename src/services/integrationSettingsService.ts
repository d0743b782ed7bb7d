/**
 * Settings by the reference's names.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Settings } from "../settings/Settings.ts"
import type { Runner } from "./runner.ts"

/** The settings in force, by the reference's names. @since 0.1.0 */
export interface RuntimeSettings {
  readonly outboxEnabled: boolean
  readonly outboxProcessorEnabled: boolean
  readonly startupDrainEnabled: boolean
  readonly pollingIntervalMs: number
  readonly idlePollingIntervalMs: number
  readonly batchSize: number
  readonly startupDrainBatchSize: number
  readonly maxAttempts: number
  readonly processingLeaseMs: number
  readonly retryBaseDelayMs: number
  readonly deadLetterEnabled: boolean
}

/** `Settings`, as the reference has it. @since 0.1.0 */
export class IntegrationSettingsService {
  readonly #runner: Runner

  /** @internal */
  constructor(runner: Runner) {
    this.#runner = runner
  }

  /** Reads the stored settings, and resolves to those in force. */
  getRuntimeSettings(): Promise<RuntimeSettings> {
    return this.#runner.run(
      Effect.map(
        Settings.use((settings) => settings.refresh),
        (values) => ({
          outboxEnabled: values.enabled,
          outboxProcessorEnabled: values.processorEnabled,
          startupDrainEnabled: values.startupDrainEnabled,
          pollingIntervalMs: values.pollingIntervalMs,
          idlePollingIntervalMs: values.idlePollingIntervalMs,
          batchSize: values.batchSize,
          startupDrainBatchSize: values.startupDrainBatchSize,
          maxAttempts: values.maxAttempts,
          processingLeaseMs: values.processingLeaseMs,
          retryBaseDelayMs: values.retryBaseDelayMs,
          deadLetterEnabled: values.deadLetterEnabled
        })
      )
    )
  }
}
