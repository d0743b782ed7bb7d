/**
 * Processes on the shared database, and recovery after a crash, as `sql/replicas.ts` and `sql/recovery.ts` have it: the
 * store in memory knows one process only.
 */
import { Effect } from "effect"
import type { MemoryRef } from "../../src/index.ts"
import type { Claimed } from "../../src/stores/Delivery.ts"
import type { InboxStore } from "../../src/stores/InboxStore.ts"
import type { PollRequest, PollResult } from "../../src/stores/Poll.ts"
import type { Replica, ReplicaStore } from "../../src/stores/ReplicaStore.ts"
import type { Machine } from "./machine.ts"
import type { Server } from "./server.ts"

interface Row {
  readonly machine: Machine
  status: Replica["status"]
  lastSeenAt: number
  readonly consumers: Set<string>
}

interface Note {
  readonly by: Machine
  readonly isAlone: boolean
  readonly startedAt: number
  readonly isErased: MemoryRef<boolean>
}

export class Replicas {
  readonly rows = new Map<string, Row>()
  /** Until when what was due is suspect, by consumer, and until when it is handled one at a time. */
  readonly recovering = new Map<string, { readonly until: number; readonly aloneUntil: number }>()
  readonly notes = new Map<string, Array<Note>>()
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  get #now() {
    return this.#server.machine.clock.currentTimeMillisUnsafe()
  }

  #isSuspect(deliveryId: string, until: number) {
    const availableAt = this.#server.tables.deliveries.rows.get(deliveryId)?.availableAt ?? null
    return availableAt !== null && (availableAt <= until || availableAt === Number.POSITIVE_INFINITY)
  }

  #startRecovery(consumer: string, hasProcessEnded: boolean): void {
    const before = this.recovering.get(consumer)?.aloneUntil ?? Number.NEGATIVE_INFINITY
    this.recovering.set(consumer, { until: this.#now, aloneUntil: hasProcessEnded ? this.#now : before })
  }

  #recoversAlone(consumer: string): boolean {
    const recovery = this.recovering.get(consumer)
    return recovery !== undefined && !this.#isThrough(consumer, recovery.aloneUntil)
  }

  #hasRecovered(consumer: string): boolean {
    const recovery = this.recovering.get(consumer)
    return recovery !== undefined && this.#isThrough(consumer, recovery.until)
  }

  /** Whether nothing can be claimed any more that was due by then. */
  #isThrough(consumer: string, until: number): boolean {
    for (const row of this.#server.tables.deliveries.rows.values()) {
      const isClaimable = row.consumer === consumer && (row.status === "received" || row.status === "failed")
      if (isClaimable && row.availableAt !== null && row.availableAt <= until) return false
    }
    return true
  }

  #reap(own: Machine, silentMillis: number): number {
    let dead = 0
    for (const row of this.rows.values()) {
      const isSilent = row.status === "running" && row.machine !== own && row.lastSeenAt <= this.#now - silentMillis
      // Its session lock is free.
      if (!isSilent || !row.machine.isDead) continue
      row.status = "dead"
      for (const consumer of row.consumers) this.#startRecovery(consumer, true)
      dead++
    }
    return dead
  }

  /** What a process sees of it. */
  storeOf(machine: Machine): ReplicaStore["Service"] {
    const { database } = this.#server
    const id = machine.name
    return {
      id,
      join: () =>
        Effect.sync(() => {
          this.rows.set(id, { machine, status: "running", lastSeenAt: this.#now, consumers: new Set() })
          this.#reap(machine, 0)
        }),
      serve: (served) =>
        Effect.sync(() => {
          for (const { consumer } of served) this.rows.get(id)?.consumers.add(consumer)
        }),
      serving: () => Effect.succeed([]),
      leave: Effect.sync(() => {
        const row = this.rows.get(id)
        if (row !== undefined) row.status = "stopped"
      }),
      reap: (silentMillis) => Effect.sync(() => this.#reap(machine, silentMillis)),
      startRecovery: (consumer) => Effect.sync(() => this.#startRecovery(consumer, false)),
      endRecovery: (consumers) =>
        Effect.sync(() => {
          for (const consumer of consumers) if (this.#hasRecovered(consumer)) this.#endRecovery(consumer)
        }),
      noteStarted: (deliveries) =>
        Effect.forEach(
          deliveries,
          ({ deliveryId }) =>
            Effect.map(database.ref(false), (isErased) => {
              const notes = this.notes.get(deliveryId) ?? []
              const note = { by: machine, startedAt: this.#now, isAlone: deliveries.length === 1, isErased }
              this.notes.set(deliveryId, [...notes, note])
            }),
          { discard: true }
        ),
      findStarted: (deliveries) =>
        Effect.map(
          Effect.forEach(deliveries, ({ deliveryId, eventId }) =>
            Effect.map(this.#notesOf(deliveryId), (notes) => {
              const note = notes.find(({ isAlone }) => isAlone) ?? notes[0]
              return note === undefined
                ? []
                : [{ eventId, ageMillis: this.#now - note.startedAt, isAlone: note.isAlone }]
            })
          ),
          (found) => found.flat()
        ),
      eraseStarted: (deliveries, { own = false } = {}) =>
        Effect.forEach(
          deliveries,
          ({ deliveryId }) =>
            Effect.flatMap(this.#notesOf(deliveryId), (notes) =>
              Effect.forEach(
                notes.filter(({ by }) => !own || by === machine),
                ({ isErased }) => isErased.set(true),
                { discard: true }
              )
            ),
          { discard: true }
        ),
      all: Effect.sync(() => [])
    }
  }

  #endRecovery(consumer: string): void {
    this.recovering.delete(consumer)
    for (const [deliveryId, notes] of this.notes) {
      if (this.#server.tables.deliveries.rows.get(deliveryId)?.consumer !== consumer) continue
      this.notes.set(
        deliveryId,
        notes.filter(({ isAlone }) => isAlone)
      )
    }
  }

  #notesOf(deliveryId: string) {
    return Effect.filter(this.notes.get(deliveryId) ?? [], ({ isErased }) => Effect.map(isErased.get, (is) => !is))
  }

  /** Whether those that were killed have been found. */
  get allDeadAreKnown(): boolean {
    return [...this.rows.values()].every(({ machine, status }) => status !== "running" || !machine.isDead)
  }

  /** Deliveries of which somebody who was not killed left a note behind. */
  get notesLeft(): Effect.Effect<ReadonlyArray<string>> {
    return Effect.filter([...this.notes.keys()], (id) =>
      Effect.map(this.#notesOf(id), (notes) => notes.some(({ by }) => !by.isKilled))
    )
  }

  /** The inbox, with what it has to say of recovery and of other processes. */
  inboxOf(machine: Machine, inbox: InboxStore["Service"]): InboxStore["Service"] {
    const marked = (consumer: string, row: Claimed): Claimed => {
      const until = this.recovering.get(consumer)?.until
      if (until === undefined) return row
      const hasCrashed = row.recovery?.hasCrashed === true
      return { ...row, recovery: { isRecovering: true, isSuspect: this.#isSuspect(row.deliveryId, until), hasCrashed } }
    }
    return {
      ...inbox,
      claim: (request) =>
        Effect.suspend(() =>
          Effect.map(inbox.claim(this.#recoversAlone(request.consumer) ? { ...request, limit: 1 } : request), (rows) =>
            rows.map((row) => marked(request.consumer, row))
          )
        ),
      claimOne: (request) =>
        Effect.map(inbox.claimOne(request), (row) => (row === undefined ? row : marked(request.consumer, row))),
      poll: (request) => Effect.map(inbox.poll(request), (result) => this.#polled(machine, request, result))
    }
  }

  #polled(machine: Machine, { consumers, replica }: PollRequest, result: PollResult): PollResult {
    const own = this.rows.get(replica.id)
    if (own !== undefined) own.lastSeenAt = this.#now
    const others = [...this.rows.values()].filter((row) => row.machine !== machine && row.status === "running")
    return {
      ...result,
      recovered: consumers.map(({ consumer }) => consumer).filter((consumer) => this.#hasRecovered(consumer)),
      hasPeers: others.length > 0,
      hasSilentPeers: others.some((row) => row.lastSeenAt <= this.#now - replica.silentMillis)
    }
  }
}
