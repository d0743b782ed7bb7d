/**
 * Checks of this process.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Liveness } from "../../delivery/Liveness.ts"
import type { Processor } from "../../delivery/Processor.ts"
import type { Settings } from "../../settings/Settings.ts"
import type { Check } from "./check.ts"
import { silentMillis } from "./deliveryChecks.ts"
import { found } from "./findings.ts"
import { ageText, commandLine, countText } from "./words.ts"

const settingsCheck = (settings: Settings["Service"]): Check => ({
  id: "settings",
  title: "Settings are valid",
  run: Effect.map(settings.problems, ({ rejected, unknown }) => [
    ...rejected.map(({ expected, key: subject, used, value }) =>
      found("setting-rejected", {
        detail: `${subject} is ${value}, expected ${expected}; ${used} is in force.`,
        subject,
        command: commandLine("settings", "unset", subject)
      })
    ),
    ...unknown.map((subject) =>
      found("setting-unknown", {
        detail: `${subject} is stored in integration_setting, and no setting has this key.`,
        subject,
        command: commandLine("settings", "unset", subject)
      })
    )
  ])
})

/** What of this process's part in the delivery has ended, in words. */
export const ended = ({ isPolling, polledMillisAgo, workers }: Liveness, silent: number): ReadonlyArray<string> => [
  ...(isPolling ? [] : ["The poller has ended."]),
  ...(isPolling && polledMillisAgo > silent ? [`The last poll was answered ${ageText(polledMillisAgo)} ago.`] : []),
  ...workers
    .filter(({ alive, wanted }) => alive < wanted)
    .map(({ alive, consumer, wanted }) => `Of ${countText(wanted, "worker")} of consumer "${consumer}", ${alive} run.`)
]

const stalled = (processor: Processor["Service"], settings: Settings["Service"]): Check => ({
  id: "delivery",
  title: "This process delivers",
  run: Effect.gen(function* () {
    const words = ended(yield* processor.liveness, silentMillis(yield* settings.current))
    return words.length === 0 ? [] : [found("delivery-stalled", { detail: words.join(" ") })]
  })
})

const pool = (processor: Processor["Service"]): Check => ({
  id: "pool",
  title: "Batches of all workers can run at once",
  run: Effect.map(processor.liveness, ({ maxConcurrentBatches, workers }) => {
    const wanted = workers.reduce((sum, each) => sum + each.wanted, 0)
    if (wanted <= maxConcurrentBatches) return []
    const detail = `${countText(workers.length, "consumer")} with ${countText(wanted, "worker")} in this process, and ${countText(maxConcurrentBatches, "batch", "batches")} at once.`
    return [found("pool-small", { detail })]
  })
})

export const processChecks = (
  processor: Processor["Service"],
  settings: Settings["Service"],
  singleSession: boolean
): ReadonlyArray<Check> => [
  settingsCheck(settings),
  stalled(processor, settings),
  // More connections than its one session would be of no use.
  ...(singleSession ? [] : [pool(processor)])
]
