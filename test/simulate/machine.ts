/**
 * One process: a scheduler and a clock of its own. Killing it drops all it would still do, as `kill -9` does: no
 * finalizer runs. Freezing it holds all that up, as SIGSTOP does.
 */
import { Clock, ConfigProvider, Context, Duration, Effect, Random, References, Scheduler } from "effect"
import { makeRng, type Rng } from "./random.ts"
import type { Owner, World } from "./world.ts"

/** No variable of the environment is a setting. */
const noConfig = ConfigProvider.make(() => Effect.succeed(undefined))

const nanosPerMilli = 1_000_000n

/**
 * How many operations a fiber may run before others get their turn: drawn anew each time, up to the run's patience. Not at the
 * first operation of a turn, where no scheduler of effect does: a fiber that is interrupted before it has begun would begin.
 */
const schedulerOf = (world: World, owner: Owner, rng: Rng, patience: number): Scheduler.Scheduler => {
  let left = rng.int(4, patience)
  const dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => world.schedule(owner, task),
    flush: () => {}
  }
  return {
    executionMode: "async",
    shouldYield: ({ currentOpCount }) => {
      if (owner.isDead || owner.isFrozen) return true
      if (--left > 0 || currentOpCount <= 1) return false
      left = rng.int(4, patience)
      return true
    },
    makeDispatcher: () => dispatcher
  }
}

/** Sleeps follow the world's time; what time it is said to be may be wrong. */
const clockOf = (world: World, owner: Owner, wall: { offset: number }): Clock.Clock => {
  const now = () => world.now + wall.offset
  const monotonic = () => BigInt(world.now) * nanosPerMilli
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(now()) * nanosPerMilli,
    currentTimeNanos: Effect.sync(() => BigInt(now()) * nanosPerMilli),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const millis = Duration.toMillis(duration)
        if (!Number.isFinite(millis)) return
        const cancel = world.after(owner, Math.max(0, millis), () => resume(Effect.void))
        return Effect.sync(cancel)
      })
  }
}

export class Machine implements Owner {
  readonly name: string
  readonly world: World
  isDead = false
  isFrozen = false
  isKilled = false
  /** How far its clock is off, in milliseconds. */
  readonly wall = { offset: 0 }
  readonly clock: Clock.Clock
  readonly context: Context.Context<never>

  constructor(world: World, name: string, seed: number, patience: number) {
    this.name = name
    this.world = world
    this.clock = clockOf(world, this, this.wall)
    const rng = makeRng(seed, `machine ${name}`)
    const next = () => rng.bits() / 2 ** 32
    this.context = Context.empty().pipe(
      Context.add(Scheduler.Scheduler, schedulerOf(world, this, rng, patience)),
      Context.add(Clock.Clock, this.clock),
      Context.add(Random.Random, { nextDoubleUnsafe: next, nextIntUnsafe: () => rng.bits() | 0 }),
      Context.add(ConfigProvider.ConfigProvider, noConfig),
      Context.add(References.MinimumLogLevel, "None"),
      Context.add(References.TracerEnabled, false)
    ) as Context.Context<never>
  }

  /** Starts an effect here. */
  fork<A, E>(effect: Effect.Effect<A, E>): void {
    this.world.schedule(this, () => {
      Effect.runForkWith(this.context)(effect)
    })
  }
}
