/** What happened, as publishers, handlers and rows tell it: what the checks go by. */
import { Effect } from "effect"
import type { MemoryRef } from "../../src/index.ts"
import type { DeliveryRecord } from "../../src/memory/records.ts"
import type { Machine } from "./machine.ts"
import type { Behaviour, ConsumerSpec, EventSpec, Program, Step } from "./program.ts"
import type { Server } from "./server.ts"

/** An event somebody tried to publish. */
export interface Attempted {
  readonly spec: EventSpec
  readonly via: Extract<Step, { kind: "publish" }>["via"]
  /** `acked`: its publisher was told that it is stored; `unknown`: it was not told, or of a duplicate. */
  outcome: "unknown" | "acked" | "duplicate" | "rolledBack"
  /** When its publisher began, and when it was about to commit, in the world's steps. */
  readonly begunAt: number
  committingAt: number
}

/** A handler that is running. */
export interface Run {
  readonly machine: Machine
  readonly consumer: number
  readonly n: number
  readonly key: string
  readonly deliveryId: string
  /** Its process was frozen meanwhile, or is: it may have lost what it held without knowing. */
  isDoubtful: boolean
}

const ok: Behaviour = { kind: "ok", times: 0, takes: 0, consumer: -1 }

/** Events that handlers publish: one for each consumer and event. */
export const childOf = (n: number, consumer: number) => 1_000_000 + n * 10 + consumer

export class Ledger {
  readonly program: Program
  readonly server: Server
  readonly violations: Array<string> = []
  readonly attempted = new Map<number, Attempted>()
  /** Number, name, key and position of every event that was ever stored, by id. */
  readonly stored = new Map<
    string,
    { n: number; name: string; key: string; position: bigint; dedupeKey: string | null }
  >()
  readonly running = new Set<Run>()
  /** When consumers were first registered, in the world's steps. */
  readonly registeredAt = new Map<number, number>()
  /** Deliveries that somebody requeued. */
  readonly requeued = new Set<string>()
  /** Successful runs of leased handlers, by delivery. */
  readonly outside = new Map<string, number>()
  /** How often deliveries became `processed`. */
  readonly processedTimes = new Map<string, number>()
  /** Numbers of the events each consumer has processed, by `consumer key`. */
  readonly processed = new Map<string, Array<number>>()
  /** Things that went wrong with a process, or its connection, and may cost attempts. */
  disruptions = 0
  readonly #cells = new Map<string, MemoryRef<ReadonlyArray<number>>>()

  constructor(program: Program, server: Server) {
    this.program = program
    this.server = server
  }

  violate(text: string): void {
    this.server.machine.world.note(`VIOLATION ${text}`)
    this.violations.push(text)
  }

  behaviour(n: number, consumer: number): Behaviour {
    const does = this.attempted.get(n)?.spec.does ?? ok
    return does.consumer === consumer ? does : { ...ok, takes: does.takes }
  }

  /** A row of the application's own, made when it is first used. */
  cell(name: string): MemoryRef<ReadonlyArray<number>> {
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    const made = Effect.runSync(this.server.database.ref<ReadonlyArray<number>>([]))
    this.#cells.set(name, made)
    return made
  }

  /** What is committed in such a row. */
  committed(name: string): ReadonlyArray<number> {
    return Effect.runSync(this.cell(name).get)
  }

  specOf(name: string): ConsumerSpec {
    return this.program.consumers.find((consumer) => consumer.name === name) as ConsumerSpec
  }

  /** Whether no version of the program has this consumer in another ordering. */
  keepsOrder(consumer: number): boolean {
    return !this.program.versions.some(({ reordered }) => reordered.includes(consumer))
  }

  deliveries(): ReadonlyArray<DeliveryRecord> {
    return [...this.server.tables.deliveries.rows.values()]
  }
}
