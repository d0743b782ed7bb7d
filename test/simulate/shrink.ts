/** Makes a failing program smaller while it still fails in the same way: leaves parts out, and takes plainer ones. */
import type { Behaviour, ConsumerSpec, EventSpec, Program, Step } from "./program.ts"
import type { Outcome } from "./simulate.ts"

/** A violation without its numbers, to tell one kind from another. */
export const kindOf = (violation: string): string =>
  violation
    .split("\n")[0]
    ?.replace(/\b[a-z]*\d+\b/g, "_")
    .slice(0, 60) ?? ""

const without = <A>(list: ReadonlyArray<A>, from: number, count: number) => [
  ...list.slice(0, from),
  ...list.slice(from + count)
]

const replaced = <A>(list: ReadonlyArray<A>, index: number, by: A) => list.map((each, at) => (at === index ? by : each))

/** Lists with halves, quarters, and so on left out, down to single elements. */
function* smaller<A>(list: ReadonlyArray<A>): Generator<ReadonlyArray<A>> {
  for (let size = list.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < list.length; from += size) yield without(list, from, size)
  }
}

const plain: Behaviour = { kind: "ok", times: 0, takes: 0, consumer: 0 }

function* plainerEvent(event: EventSpec): Generator<EventSpec> {
  if (event.does.kind !== "ok" || event.does.takes > 0) yield { ...event, does: plain }
  if (event.does.takes > 0) yield { ...event, does: { ...event.does, takes: 0 } }
  if (event.delay > 0) yield { ...event, delay: 0 }
  if (event.dedupeKey !== undefined) yield { ...event, dedupeKey: undefined }
}

function* plainerStep(step: Step): Generator<Step> {
  if (step.kind !== "publish") return
  if (step.events.length > 1)
    for (const events of smaller(step.events)) if (events.length > 0) yield { ...step, events }
  for (const [index, event] of step.events.entries()) {
    for (const plainer of plainerEvent(event)) yield { ...step, events: replaced(step.events, index, plainer) }
  }
  if (step.via !== "list" && step.via !== "single") yield { ...step, via: "list" }
  if (step.holds > 0) yield { ...step, holds: 0 }
}

function* plainerConsumer(consumer: ConsumerSpec): Generator<ConsumerSpec> {
  const defaults: Partial<ConsumerSpec> = {
    concurrency: 1,
    priority: 0,
    batchSize: 10,
    maxAttempts: 3,
    delayed: "hold",
    startFrom: "now"
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (consumer[name as keyof ConsumerSpec] !== value) yield { ...consumer, [name]: value } as ConsumerSpec
  }
  if (consumer.kind !== "single") yield { ...consumer, kind: "single" }
}

function* smallerProgram(program: Program): Generator<Program> {
  for (const faults of smaller(program.faults)) yield { ...program, faults }
  for (const steps of smaller(program.steps)) yield { ...program, steps }
  if (program.replicas > 1) yield { ...program, replicas: program.replicas - 1 }
  if (program.versions.length > 1) yield { ...program, versions: program.versions.slice(-1) }
  const last = program.consumers.length - 1
  if (last > 0) {
    const isKept = (index: number) => index !== last
    yield {
      ...program,
      consumers: program.consumers.slice(0, last),
      late: program.late.filter(isKept),
      steps: program.steps.filter((step) => !("consumer" in step) || isKept(step.consumer))
    }
  }
  for (const late of smaller(program.late)) yield { ...program, late }
  for (const [index, step] of program.steps.entries()) {
    for (const plainer of plainerStep(step)) yield { ...program, steps: replaced(program.steps, index, plainer) }
  }
  for (const [index, consumer] of program.consumers.entries()) {
    for (const plainer of plainerConsumer(consumer)) {
      yield { ...program, consumers: replaced(program.consumers, index, plainer) }
    }
  }
  const calm: Partial<Program> = {
    isolated: true,
    pipelined: false,
    lostWakeUps: 0,
    maxConcurrentBatches: 1000,
    patience: 3000
  }
  for (const [name, value] of Object.entries(calm)) {
    if (program[name as keyof Program] !== value) yield { ...program, [name]: value } as Program
  }
}

export interface Shrunk {
  readonly program: Program
  /** Of the order of things, which may be another one than the program was drawn from. */
  readonly seed: number
  readonly outcome: Outcome
}

/**
 * @param budget - runs at most
 */
export const shrink = (
  simulate: (program: Program, seed: number) => Outcome,
  program: Program,
  seed: number,
  budget = 3000
): Shrunk => {
  let smallest: Shrunk = { program, seed, outcome: simulate(program, seed) }
  const kind = kindOf(smallest.outcome.violations[0] ?? "")
  let runs = 0
  const fails = (candidate: Program): Shrunk | undefined => {
    // A smaller program meets other orders of things: a few are tried.
    for (const other of [smallest.seed, seed + 1, seed + 2]) {
      runs++
      const outcome = simulate(candidate, other)
      if (outcome.violations.some((violation) => kindOf(violation) === kind))
        return { program: candidate, seed: other, outcome }
    }
    return undefined
  }
  for (let isSmaller = true; isSmaller && runs < budget; ) {
    isSmaller = false
    for (const candidate of smallerProgram(smallest.program)) {
      const found = runs < budget ? fails(candidate) : undefined
      if (found === undefined) continue
      smallest = found
      isSmaller = true
      break
    }
  }
  return smallest
}
