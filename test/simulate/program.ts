/** What a run does, as data: it is drawn from a seed, printed when it fails, and made smaller by leaving parts out. */

export type EventName = "sim.a" | "sim.b"

/** What handlers do with an event, besides writing down that they had it. */
export interface Behaviour {
  readonly kind: "ok" | "fail" | "die" | "fatal" | "skip" | "retryAfter" | "crash" | "publish" | "link" | "stuck"
  /** In so many attempts, from the first on. */
  readonly times: number
  /** How long they take, in milliseconds. */
  readonly takes: number
  /** The only consumer that does so, by its place; with the others it is "ok". */
  readonly consumer: number
}

export interface EventSpec {
  readonly n: number
  readonly name: EventName
  /** Id of the aggregate: `t…` are published in transactions that lock it, `s…` by single statements. */
  readonly key: string
  readonly does: Behaviour
  readonly delay: number
  readonly dedupeKey: string | undefined
}

export interface ConsumerSpec {
  readonly name: string
  readonly kind: "single" | "batch" | "actor"
  readonly mode: "transactional" | "leased"
  readonly ordering: "none" | "aggregate"
  readonly onDeadLetter: "park" | "continue"
  readonly delayed: "hold" | "pass"
  readonly events: ReadonlyArray<EventName> | "sim.*"
  readonly concurrency: number
  readonly maxAttempts: number
  readonly batchSize: number
  readonly priority: number
  readonly startFrom: "now" | "beginning"
}

/** What a process of a version does otherwise than the last version, which has all of `consumers` as they are. */
export interface VersionSpec {
  /** Consumers, by place, that it does not know. */
  readonly without: ReadonlyArray<number>
  /** Consumers that handle only `sim.a` there. */
  readonly partial: ReadonlyArray<number>
  /** Consumers whose ordering is the other one there. */
  readonly reordered: ReadonlyArray<number>
}

export type Step = { readonly at: number; readonly replica: number } & (
  | {
      readonly kind: "publish"
      readonly via: "single" | "list" | "transaction" | "rolledBack" | "savepoint"
      readonly events: ReadonlyArray<EventSpec>
      /** How long its transaction stays open, in milliseconds. */
      readonly holds: number
    }
  | { readonly kind: "deploy"; readonly version: number }
  | { readonly kind: "register" | "pause" | "resume" | "requeue" | "discard"; readonly consumer: number }
  | { readonly kind: "drain" | "removeExpired" }
)

export type Fault = { readonly replica: number } & (
  | { readonly kind: "kill"; readonly at: number }
  | { readonly kind: "freeze"; readonly at: number; readonly millis: number }
  | { readonly kind: "clock"; readonly at: number; readonly millis: number }
  /** At the replica's so manieth call of a store, counted from its first start. */
  | { readonly kind: "killAt" | "loseAt"; readonly call: number; readonly when: "before" | "after" }
  | { readonly kind: "contendAt"; readonly call: number }
  | { readonly kind: "delayAt"; readonly call: number; readonly millis: number }
)

export interface Program {
  readonly replicas: number
  readonly consumers: ReadonlyArray<ConsumerSpec>
  readonly versions: ReadonlyArray<VersionSpec>
  /** Consumers, by place, that are registered by a step only. */
  readonly late: ReadonlyArray<number>
  /** Each delivery in a transaction of its own, as in memory; else batches, as on a database. */
  readonly isolated: boolean
  /** Whether the next batch is claimed early. */
  readonly pipelined: boolean
  readonly deadLetters: boolean
  readonly maxConcurrentBatches: number
  /** Per cent of wake-ups between processes that get lost; as many come twice. */
  readonly lostWakeUps: number
  /** Operations a fiber runs before others get a turn, at most. */
  readonly patience: number
  readonly steps: ReadonlyArray<Step>
  readonly faults: ReadonlyArray<Fault>
}
