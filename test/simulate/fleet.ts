/** The replicas of a run: processes that start, stop, are killed, and are started again as a process manager does. */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Subscriber, Transactor } from "../../src/index.ts"
import type { Calls, Gate } from "./gate.ts"
import { subscribersOf } from "./handlers.ts"
import type { Ledger } from "./ledger.ts"
import { Machine } from "./machine.ts"
import type { ConsumerSpec, Program } from "./program.ts"
import { build, type Services } from "./replica.ts"
import type { Replicas } from "./replicas.ts"
import { endTransactions, type Server } from "./server.ts"
import type { WakeUps } from "./wakeUps.ts"
import { checksOf } from "./watch.ts"
import type { World } from "./world.ts"

/** How soon a process that ended is started again, in milliseconds. */
const restartMillis = 300

/** After so long the server ends what a silent process has open, in milliseconds. */
const idleMillis = 1500

type Phase = "starting" | "running" | "stopping" | "ended"

interface Replica {
  readonly index: number
  readonly calls: Calls
  version: number
  /** Late consumers that were registered here. */
  readonly late: Set<number>
  generation: number
  phase: Phase
  process: Process | undefined
}

interface Process {
  readonly machine: Machine
  readonly gate: Gate
  readonly scope: Scope.Closeable
  readonly version: number
  services: Services | undefined
  readonly served: Set<number>
  /** Effects that were asked of it and have not ended. */
  underWay: number
}

interface Parts {
  readonly world: World
  readonly server: Server
  readonly ledger: Ledger
  readonly replicas: Replicas
  readonly wakeUps: WakeUps
  readonly program: Program
  readonly seed: number
}

const otherOrdering = (spec: ConsumerSpec): ConsumerSpec => ({
  ...spec,
  ordering: spec.ordering === "none" ? "aggregate" : "none"
})

export class Fleet {
  readonly all: ReadonlyArray<Replica>
  readonly #parts: Parts
  /** Whether processes that ended stay so. */
  isClosing = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.all = Array.from({ length: parts.program.replicas }, (_, index) => {
      const faults = parts.program.faults.flatMap((fault) =>
        fault.replica === index && "call" in fault ? [[fault.call, fault] as const] : []
      )
      return {
        index,
        calls: { count: 0, faults: new Map(faults) },
        version: index % parts.program.versions.length,
        late: new Set<number>(),
        generation: 0,
        phase: "ended" as Phase,
        process: undefined
      }
    })
  }

  #note(text: string) {
    this.#parts.world.note(text)
  }

  /** A consumer as this replica's version has it. */
  #specOf({ late }: Replica, { version }: Process, index: number): ConsumerSpec | undefined {
    const { consumers, late: lateOnes, versions } = this.#parts.program
    const spec = consumers[index]
    const rules = versions[version]
    if (spec === undefined || rules === undefined || rules.without.includes(index)) return undefined
    if (lateOnes.includes(index) && !late.has(index)) return undefined
    const partial: ConsumerSpec = rules.partial.includes(index) ? { ...spec, events: ["sim.a"] } : spec
    return rules.reordered.includes(index) ? otherOrdering(partial) : partial
  }

  boot(replica: Replica): void {
    const { program, replicas, seed, server, wakeUps, world } = this.#parts
    replica.generation++
    replica.phase = "starting"
    const machine = new Machine(world, `r${replica.index}.${replica.generation}`, seed, program.patience)
    const gate: Gate = {
      server,
      machine,
      calls: replica.calls,
      kill: () => this.kill(replica, machine),
      transactor: Context.get(server.stores, Transactor)
    }
    const scope = Scope.makeUnsafe()
    const process: Process = {
      machine,
      gate,
      scope,
      version: replica.version,
      services: undefined,
      served: new Set(),
      underWay: 0
    }
    replica.process = process
    this.#note(`${machine.name} starts with version ${replica.version}`)
    const start = Effect.gen({ self: this }, function* () {
      process.services = yield* build(gate, replicas, program, wakeUps.of(machine), scope)
      for (const index of program.consumers.keys()) yield* this.#serve(replica, process, index)
      replica.phase = "running"
      // Registered while it was starting.
      for (const index of replica.late) yield* this.#serve(replica, process, index)
      this.#note(`${machine.name} runs`)
      // Another version was deployed meanwhile.
      if (replica.version !== process.version) this.stop(replica)
    })
    machine.fork(
      Effect.flatMap(Effect.exit(start), (exit) => {
        if (Exit.isSuccess(exit)) return Effect.void
        this.#note(`${machine.name} could not start: ${String(exit.cause.reasons[0])}`)
        return this.#close(replica, process)
      })
    )
  }

  /** Registers a consumer, if this replica has it and does not serve it yet. */
  #serve(replica: Replica, process: Process, index: number) {
    const { ledger, world } = this.#parts
    const spec = this.#specOf(replica, process, index)
    if (spec === undefined || process.served.has(index) || process.services === undefined) return Effect.void
    process.served.add(index)
    const subscribers = subscribersOf(ledger, process.gate, { index, spec }, checksOf(ledger))
    const layer = Subscriber.layer(...subscribers) as Layer.Layer<never, unknown>
    return Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), process.scope).pipe(
      Effect.provideContext(process.services as Context.Context<never>),
      Effect.tap(() =>
        Effect.sync(() => {
          const isWhole = spec.events === ledger.program.consumers[index]?.events
          if (isWhole && !ledger.registeredAt.has(index)) ledger.registeredAt.set(index, world.steps)
          this.#note(`${process.machine.name} serves ${spec.name}`)
        })
      )
    )
  }

  register(replica: Replica, consumer: number): void {
    replica.late.add(consumer)
    const { process } = replica
    if (process === undefined || replica.phase !== "running") return
    process.machine.fork(
      Effect.catchCause(this.#serve(replica, process, consumer), () => Effect.sync(() => this.stop(replica)))
    )
  }

  /** Ends a process in good order. */
  #close(replica: Replica, process: Process) {
    replica.phase = "stopping"
    return Effect.andThen(
      Scope.close(process.scope, Exit.void),
      Effect.sync(() => {
        this.#note(`${process.machine.name} has stopped`)
        // A call that somebody made of it, such as a drain, ends with the process as if that had been killed.
        if (process.underWay > 0) {
          process.machine.isKilled = true
          this.#parts.ledger.disruptions++
        }
        this.#ended(replica, process.machine)
      })
    )
  }

  #ended(replica: Replica, machine: Machine): void {
    if (machine.isDead) return
    const { ledger, server, world } = this.#parts
    machine.isDead = true
    endTransactions(server, machine)
    for (const run of [...ledger.running]) if (run.machine === machine) ledger.running.delete(run)
    if (replica.process?.machine !== machine) return
    replica.phase = "ended"
    if (!this.isClosing) world.after(server.machine, restartMillis, () => this.boot(replica))
  }

  kill(replica: Replica, machine = replica.process?.machine): void {
    if (machine === undefined || machine.isDead) return
    this.#note(`${machine.name} is killed`)
    this.#parts.ledger.disruptions++
    machine.isKilled = true
    this.#ended(replica, machine)
  }

  stop(replica: Replica): void {
    const { process } = replica
    if (process === undefined || replica.phase !== "running") return
    this.#note(`${process.machine.name} is told to stop`)
    replica.phase = "stopping"
    process.machine.fork(this.#close(replica, process))
  }

  deploy(replica: Replica, version: number): void {
    replica.version = version
    this.stop(replica)
  }

  freeze(replica: Replica, millis: number): void {
    const { ledger, server, world } = this.#parts
    const machine = replica.process?.machine
    if (machine === undefined || machine.isDead || machine.isFrozen) return
    this.#note(`${machine.name} is frozen for ${millis} ms`)
    ledger.disruptions++
    for (const run of ledger.running) if (run.machine === machine) run.isDoubtful = true
    world.freeze(machine)
    world.after(server.machine, Math.min(idleMillis, millis), () => {
      if (millis > idleMillis && machine.isFrozen) endTransactions(server, machine)
    })
    world.after(server.machine, millis, () => world.thaw(machine))
  }

  /** Runs an effect in a replica that runs; what comes of it is known only if the process lives on. */
  run<A, E>(
    replica: Replica,
    effect: Effect.Effect<A, E, Services extends Context.Context<infer S> ? S : never>
  ): boolean {
    const { process } = replica
    if (process?.services === undefined || replica.phase !== "running") return false
    process.underWay++
    const ended = Effect.sync(() => {
      process.underWay--
    })
    process.machine.fork(Effect.ensuring(Effect.provideContext(Effect.ignoreCause(effect), process.services), ended))
    return true
  }

  /** Whether everything that was asked of processes that live has ended. */
  get isIdle(): boolean {
    return this.all.every(({ process }) => process === undefined || process.machine.isDead || process.underWay === 0)
  }
}

export type { Replica }
