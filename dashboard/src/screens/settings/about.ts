/** What settings are about: their groups, and what each sets. What is not known here is shown too, without a sentence. */
import type { Setting } from "../../api/wire.ts"

interface Group {
  readonly title: string
  readonly keys: Readonly<Record<string, string>>
}

const groups: ReadonlyArray<Group> = [
  {
    title: "On and off",
    keys: {
      enabled: "Events may be published; publishing fails without.",
      "processor.enabled": "Processes deliver.",
      startupDrainEnabled: "Consumers drain what is due before they count as started.",
      notifyEnabled: "Processes wake each other through LISTEN and NOTIFY. Read when a process starts.",
      deadLetterEnabled: "Deliveries that gave up become dead letters; without, they end as failed."
    }
  },
  {
    title: "Attempts",
    keys: {
      maxAttempts: "Attempts before a delivery is a dead letter, unless its consumer has its own number.",
      retryBaseDelayMs: "Delay after the first failure; it doubles with each further one.",
      retryMaxDelayMs: "Longest delay between two attempts.",
      retryJitterPercent: "Share of a delay by which it may be shortened at random.",
      processingLeaseMs: "How long a frozen process keeps a delivery; handlers have 80 % of it by default."
    }
  },
  {
    title: "Polls and batches",
    keys: {
      pollingIntervalMs: "Between polls while there is work.",
      idlePollingIntervalMs: "Between polls when idle.",
      batchSize: "Deliveries a worker's first batch claims; it grows with the backlog.",
      startupDrainBatchSize: "Deliveries the first batch of a startup drain claims."
    }
  },
  {
    title: "Retention",
    keys: {
      retentionHours: "Settled events are removed after it, with their deliveries; 0: they stay.",
      deadLetterRetentionHours: "The same for events with deliveries that gave up; 0: they stay.",
      receivedRetentionHours: "For so long messages of other services are known again; 0: for ever.",
      auditRetentionHours: "For so long entries of the audit stay; 0: for ever."
    }
  }
]

/** What all keys begin with, as long as they do. */
const prefix = "core.integration.outbox."

/** A key without what all begin with. */
export const shortKey = (key: string): string => (key.startsWith(prefix) ? key.slice(prefix.length) : key)

/** What it sets; undefined if that is not known here. */
export const meaningOf = (key: string): string | undefined =>
  groups.map(({ keys }) => keys[shortKey(key)]).find((meaning) => meaning !== undefined)

/** Settings in their groups, each as they were told. */
export const grouped = (settings: ReadonlyArray<Setting>) => {
  const known = groups.map(({ keys, title }) => ({
    title,
    settings: Object.keys(keys)
      .map((name) => settings.find(({ key }) => shortKey(key) === name))
      .filter((setting) => setting !== undefined)
  }))
  const others = settings.filter(({ key }) => meaningOf(key) === undefined)
  return [...known, { title: "Others", settings: others }].filter((group) => group.settings.length > 0)
}
