/** Draws a program from a seed. */
import type { Behaviour, ConsumerSpec, EventName, EventSpec, Fault, Program, Step, VersionSpec } from "./program.ts"
import { makeRng, type Rng } from "./random.ts"

/** How long things go on before faults stop, in milliseconds. */
export const horizon = 5000

const list = <A>(length: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length }, (_, i) => make(i))

const drawConsumer = (rng: Rng, index: number): Omit<ConsumerSpec, "delayed"> => {
  const kind = rng.percent(20) ? "actor" : rng.percent(20) ? "batch" : "single"
  const mode = kind === "single" && rng.percent(45) ? "leased" : "transactional"
  return {
    name: `c${index}`,
    kind,
    mode,
    ordering: kind === "actor" || rng.percent(40) ? "aggregate" : "none",
    onDeadLetter: rng.percent(50) ? "park" : "continue",
    events: kind !== "actor" && rng.percent(30) ? "sim.*" : rng.percent(70) ? ["sim.a", "sim.b"] : ["sim.a"],
    concurrency: rng.percent(50) ? 1 : rng.int(2, 4),
    maxAttempts: rng.int(1, 4),
    batchSize: rng.pick([1, 2, 3, 10]),
    priority: rng.percent(20) ? 1 : 0,
    startFrom: rng.percent(25) ? "beginning" : "now"
  }
}

const drawBehaviour = (rng: Rng, consumers: number): Behaviour => {
  const kind = rng.percent(55)
    ? "ok"
    : rng.pick([
        "fail",
        "fail",
        "die",
        "fatal",
        "skip",
        "retryAfter",
        "crash",
        "publish",
        "publish",
        "link",
        "stuck"
      ] as const)
  return {
    kind,
    times: kind === "crash" ? rng.int(1, 2) : rng.pick([1, 1, 2, 9]),
    takes: rng.percent(70) ? 0 : rng.pick([1, 20, 150, 1500]),
    consumer: rng.int(0, consumers - 1)
  }
}

const drawEvents = (rng: Rng, prefix: "s" | "t", first: number, count: number, consumers: number) =>
  list(
    count,
    (index): EventSpec => ({
      n: first + index,
      name: rng.pick<EventName>(["sim.a", "sim.a", "sim.b"]),
      key: `${prefix}${rng.int(0, 2)}`,
      does: drawBehaviour(rng, consumers),
      delay: rng.percent(12) ? rng.pick([5, 300, 2000]) : 0,
      dedupeKey: rng.percent(15) ? `d${rng.int(0, 2)}` : undefined
    })
  )

const drawPublish = (rng: Rng, at: number, replica: number, first: number, consumers: number): Step => {
  const via = rng.pick(["single", "list", "transaction", "transaction", "rolledBack", "savepoint"] as const)
  const count = via === "single" ? 1 : rng.int(1, 5)
  const events = drawEvents(rng, via === "single" || via === "list" ? "s" : "t", first, count, consumers)
  return { at, replica, kind: "publish", via, events, holds: rng.percent(60) ? 0 : rng.pick([1, 30, 400, 2500]) }
}

const drawSteps = (rng: Rng, program: Pick<Program, "replicas" | "consumers" | "versions" | "late">) => {
  const consumers = program.consumers.length
  const steps: Array<Step> = []
  let n = 1
  for (let count = rng.int(2, 7); count > 0; count--) {
    const step = drawPublish(rng, rng.int(0, horizon - 1500), rng.int(0, program.replicas - 1), n, consumers)
    if (step.kind === "publish") n += step.events.length
    steps.push(step)
  }
  for (const consumer of program.late) {
    steps.push({ at: rng.int(100, 3000), replica: rng.int(0, program.replicas - 1), kind: "register", consumer })
  }
  for (let count = rng.int(0, 4); count > 0; count--) {
    const at = rng.int(0, horizon - 500)
    const replica = rng.int(0, program.replicas - 1)
    const consumer = rng.int(0, consumers - 1)
    const kind = rng.pick([
      "deploy",
      "deploy",
      "pause",
      "resume",
      "requeue",
      "requeue",
      "discard",
      "drain",
      "removeExpired"
    ] as const)
    if (kind === "deploy") steps.push({ at, replica, kind, version: rng.int(0, program.versions.length - 1) })
    else if (kind === "drain" || kind === "removeExpired") steps.push({ at, replica, kind })
    else steps.push({ at, replica, kind, consumer })
  }
  return steps.toSorted((a, b) => a.at - b.at)
}

const drawFault = (rng: Rng, replicas: number): Fault => {
  const replica = rng.int(0, replicas - 1)
  const call = rng.percent(50) ? rng.int(1, 60) : rng.int(1, 300)
  const when = rng.percent(50) ? "before" : "after"
  switch (rng.int(0, 8)) {
    case 0:
      return { replica, kind: "kill", at: rng.int(0, horizon) }
    case 1:
      return { replica, kind: "freeze", at: rng.int(0, horizon - 1000), millis: rng.pick([50, 900, 2500]) }
    case 2:
      return { replica, kind: "clock", at: rng.int(0, horizon), millis: rng.pick([-3_600_000, -2000, 2000, 3_600_000]) }
    case 3:
      return { replica, kind: "delayAt", call, millis: rng.pick([1, 40, 700, 3000]) }
    case 4:
      return { replica, kind: "contendAt", call }
    case 5:
    case 6:
      return { replica, kind: "killAt", call, when }
    default:
      return { replica, kind: "loseAt", call, when }
  }
}

const drawVersion = (rng: Rng, consumers: ReadonlyArray<ConsumerSpec>): VersionSpec => {
  const some = (percent: number, fits: (consumer: ConsumerSpec) => boolean = () => true) =>
    consumers.flatMap((consumer, index) => (fits(consumer) && rng.percent(percent) ? [index] : []))
  return { without: some(15), partial: some(25), reordered: some(12, ({ kind }) => kind !== "actor") }
}

export const draw = (seed: number): Program => {
  const rng = makeRng(seed, "program")
  const replicas = rng.pick([2, 2, 2, 3, 3, 4])
  const delays = makeRng(seed, "delays")
  const consumers = list(
    rng.pick([1, 1, 2, 2, 3]),
    (index): ConsumerSpec => ({ ...drawConsumer(rng, index), delayed: delays.percent(40) ? "pass" : "hold" })
  )
  const versions = [
    ...list(rng.int(0, 1), () => drawVersion(rng, consumers)),
    { without: [], partial: [], reordered: [] }
  ]
  const late = consumers.flatMap((_, index) => (rng.percent(20) ? [index] : []))
  const steps = drawSteps(rng, { replicas, consumers, versions, late })
  return {
    replicas,
    consumers,
    versions,
    late,
    isolated: rng.percent(40),
    pipelined: rng.percent(30),
    deadLetters: rng.percent(85),
    maxConcurrentBatches: rng.pick([1, 2, 5, 1000]),
    lostWakeUps: rng.pick([0, 0, 20, 100]),
    patience: rng.pick([10, 50, 300, 300, 3000, 3000]),
    steps,
    faults: rng.percent(20) ? [] : list(rng.int(1, 5), () => drawFault(rng, replicas))
  }
}
