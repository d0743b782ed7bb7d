/**
 * One run of a program: the first part with its steps and faults, then an end without faults, in which everything has to
 * settle.
 */
import { Effect } from "effect"
import { Processor } from "../../src/delivery/Processor.ts"
import { DeadLetters } from "../../src/index.ts"
import { horizon } from "./draw.ts"
import { Fleet } from "./fleet.ts"
import { isolated } from "./globals.ts"
import { checkAll, isQuiet, whatIsOpen } from "./invariants.ts"
import { Ledger } from "./ledger.ts"
import type { Fault, Program, Step } from "./program.ts"
import { makeRng } from "./random.ts"
import { Replicas } from "./replicas.ts"
import { makeServer, type Server } from "./server.ts"
import { deadLetterStep, pauseStep, publishStep } from "./steps.ts"
import { WakeUps } from "./wakeUps.ts"
import { watch } from "./watch.ts"
import { beginning, World } from "./world.ts"

export interface Outcome {
  readonly violations: ReadonlyArray<string>
  readonly trace: ReadonlyArray<string>
  /** Follows every choice of the scheduler. */
  readonly fingerprint: number
  /** Tasks that ran, and virtual milliseconds that passed. */
  readonly steps: number
  readonly millis: number
}

/** How long the end of a run may take, in virtual milliseconds. */
const patienceMillis = 120_000

const doStep = (fleet: Fleet, ledger: Ledger, world: World, step: Step): void => {
  const replica = fleet.all[step.replica]
  if (replica === undefined) return
  world.note(`step: ${step.kind} in replica ${step.replica}`)
  const name = "consumer" in step ? (ledger.program.consumers[step.consumer]?.name ?? "") : ""
  switch (step.kind) {
    case "publish":
      fleet.run(
        replica,
        Effect.suspend(() => publishStep(ledger, world, step))
      )
      return
    case "deploy":
      fleet.deploy(replica, step.version)
      return
    case "register":
      fleet.register(replica, step.consumer)
      return
    case "pause":
    case "resume":
      fleet.run(replica, pauseStep(step.kind, name))
      return
    case "requeue":
    case "discard":
      fleet.run(replica, deadLetterStep(step.kind, name))
      return
    case "drain":
      fleet.run(
        replica,
        Processor.use((processor) => processor.drain)
      )
      return
    case "removeExpired": {
      // Two hours pass for the database at once: what was settled is old then.
      ledger.server.machine.wall.offset += 7_200_000
      ledger.disruptions++
      for (const run of ledger.running) run.isDoubtful = true
      fleet.run(
        replica,
        Processor.use((processor) => processor.removeExpired)
      )
    }
  }
}

const doFault = (fleet: Fleet, ledger: Ledger, fault: Fault): void => {
  const replica = fleet.all[fault.replica]
  if (replica === undefined) return
  if (fault.kind === "kill") fleet.kill(replica)
  if (fault.kind === "freeze") fleet.freeze(replica, fault.millis)
  if (fault.kind === "clock" && replica.process !== undefined) {
    ledger.disruptions++
    replica.process.machine.wall.offset += fault.millis
  }
}

/** Everything the program says, at its time. */
const plan = (program: Program, fleet: Fleet, ledger: Ledger, world: World, server: Server) => {
  for (const step of program.steps) {
    world.after(server.machine, step.at, () => doStep(fleet, ledger, world, step))
  }
  for (const fault of program.faults) {
    if ("at" in fault) world.after(server.machine, fault.at, () => doFault(fleet, ledger, fault))
    else ledger.disruptions++
  }
}

/** Faults end; every replica gets the last version with all consumers, and nothing is paused any more. */
const recover = (program: Program, fleet: Fleet, world: World): void => {
  world.note("faults end")
  for (const replica of fleet.all) {
    replica.calls.faults.clear()
    if (replica.process !== undefined) world.thaw(replica.process.machine)
    for (const consumer of program.consumers.keys()) fleet.register(replica, consumer)
    if (replica.version !== program.versions.length - 1) fleet.deploy(replica, program.versions.length - 1)
  }
}

const allRun = (fleet: Fleet, program: Program) =>
  fleet.all.every(
    ({ phase, process }) =>
      phase === "running" &&
      process?.version === program.versions.length - 1 &&
      process.served.size === program.consumers.length
  )

/** Waits for a fact in virtual time; it is a violation when it does not come about. */
const expect = (ledger: Ledger, world: World, fact: () => boolean, otherwise: () => string): boolean => {
  const isSo = world.run(world.now + patienceMillis, fact)
  if (!isSo) ledger.violate(otherwise())
  return isSo
}

const phasesOf = (fleet: Fleet) => fleet.all.map(({ phase }) => phase).join(", ")

/** Lets go of what gave up, until what waited behind it is through as well. */
const discardAll = (fleet: Fleet, ledger: Ledger, world: World): boolean => {
  const isDone = () => isQuiet(ledger, true)
  const discard = DeadLetters.use((letters) => letters.discardAll({}))
  for (let rounds = 0; rounds < 50 && !isDone(); rounds++) {
    for (const replica of fleet.all) if (fleet.run(replica, discard)) break
    world.run(world.now + 1)
    if (
      !expect(
        ledger,
        world,
        () => isQuiet(ledger),
        () => `not settled: ${whatIsOpen(ledger)}`
      )
    )
      return false
  }
  if (!isDone()) ledger.violate("what gave up cannot be let go")
  return isDone()
}

const settle = (program: Program, fleet: Fleet, ledger: Ledger, world: World, replicas: Replicas): boolean => {
  recover(program, fleet, world)
  const run = () => allRun(fleet, program)
  const idle = () => fleet.isIdle
  const stillBusy = () => "a publisher, or another call, does not return"
  if (!expect(ledger, world, run, () => `not every replica runs: ${phasesOf(fleet)}`)) return false
  // A pause that was delayed may still be under way.
  if (!expect(ledger, world, idle, stillBusy)) return false
  for (const { name } of program.consumers) {
    for (const replica of fleet.all) fleet.run(replica, pauseStep("resume", name))
  }
  if (
    !expect(
      ledger,
      world,
      () => isQuiet(ledger),
      () => `not settled: ${whatIsOpen(ledger)}`
    )
  )
    return false
  return (
    expect(ledger, world, idle, stillBusy) &&
    discardAll(fleet, ledger, world) &&
    expect(ledger, world, run, () => `not every replica runs: ${phasesOf(fleet)}`) &&
    expect(
      ledger,
      world,
      () => replicas.allDeadAreKnown,
      () => "a process that was killed was not found"
    )
  )
}

const stopAll = (fleet: Fleet, ledger: Ledger, world: World): void => {
  fleet.isClosing = true
  for (const replica of fleet.all) fleet.stop(replica)
  const ended = () => fleet.all.every(({ phase }) => phase === "ended")
  expect(ledger, world, ended, () => `not every replica stops: ${phasesOf(fleet)}`)
}

const runIn = (world: World, server: Server, program: Program, seed: number): Ledger => {
  const ledger = new Ledger(program, server)
  watch(ledger)
  const replicas = new Replicas(server)
  const wakeUps = new WakeUps(makeRng(seed, "wakeUps"), program.lostWakeUps)
  const fleet = new Fleet({ world, server, ledger, replicas, wakeUps, program, seed })
  for (const replica of fleet.all) fleet.boot(replica)
  plan(program, fleet, ledger, world, server)
  world.run(beginning + horizon)
  if (settle(program, fleet, ledger, world, replicas)) {
    stopAll(fleet, ledger, world)
    checkAll(ledger, replicas)
  }
  return ledger
}

/** Runs a program; the same seed makes the same run. */
export const simulate = (program: Program, seed: number): Outcome => {
  const world = new World(makeRng(seed, "world"))
  const violations: Array<string> = []
  const owner = { isDead: false, isFrozen: false }
  isolated(world, owner, makeRng(seed, "globals"), () => {
    try {
      violations.push(...runIn(world, makeServer(world, seed), program, seed).violations)
    } catch (error) {
      violations.push(`the run ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  })
  const { fingerprint, now, steps, trace } = world
  return { violations, trace, fingerprint, steps, millis: now - beginning }
}
