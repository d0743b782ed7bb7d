/**
 * Virtual time and the order in which things happen: nothing else makes anything happen in a run, which is one
 * synchronous call. Of the tasks that could run now one is drawn; time moves only when there is none.
 */
import type { Rng } from "./random.ts"

/** Who a task belongs to: what becomes of it when that process is stopped in its tracks. */
export interface Owner {
  /** Whether its tasks are dropped: it was killed. */
  isDead: boolean
  /** Whether its tasks wait: it is frozen. */
  isFrozen: boolean
}

interface Task {
  readonly owner: Owner
  readonly run: () => void
}

interface Timer extends Task {
  readonly at: number
  readonly order: number
  isCancelled: boolean
}

/** When every run begins, in milliseconds since 1970. */
export const beginning = Date.UTC(2030, 0, 1)

export class World {
  /** Milliseconds since 1970 of a clock that never jumps. */
  now = beginning
  /** Tasks run so far. */
  steps = 0
  /** What happened, in words: the same for the same seed. */
  readonly trace: Array<string> = []
  /** Follows every choice that was made. */
  fingerprint = 0
  readonly #rng: Rng
  #ready: Array<Task> = []
  #frozen: Array<Task> = []
  readonly #timers: Array<Timer> = []
  #order = 0

  constructor(rng: Rng) {
    this.#rng = rng
  }

  note(text: string): void {
    this.trace.push(`${this.now - beginning} ${text}`)
  }

  schedule(owner: Owner, run: () => void): void {
    this.#ready.push({ owner, run })
  }

  /** Runs a task at its time; returns how to cancel it. */
  after(owner: Owner, millis: number, run: () => void): () => void {
    const timer = { owner, run, at: this.now + Math.ceil(millis), order: this.#order++, isCancelled: false }
    this.#insert(timer)
    return () => {
      timer.isCancelled = true
    }
  }

  #insert(timer: Timer): void {
    const timers = this.#timers
    let low = 0
    let high = timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = timers[middle] as Timer
      // The latest first, so that the next is at the end.
      if (other.at > timer.at || (other.at === timer.at && other.order > timer.order)) low = middle + 1
      else high = middle
    }
    timers.splice(low, 0, timer)
  }

  freeze(owner: Owner): void {
    owner.isFrozen = true
  }

  thaw(owner: Owner): void {
    owner.isFrozen = false
    const held = this.#frozen
    this.#frozen = []
    for (const task of held) (task.owner === owner ? this.#ready : this.#frozen).push(task)
  }

  #take(): Task | undefined {
    const ready = this.#ready
    if (ready.length === 0) return undefined
    const index = ready.length === 1 ? 0 : this.#rng.bits() % ready.length
    this.fingerprint = (Math.imul(this.fingerprint, 31) + index + 1) | 0
    const task = ready[index] as Task
    const last = ready.pop() as Task
    if (index < ready.length) ready[index] = last
    return task
  }

  /** Lets time pass to the next timers. */
  #advance(until: number): boolean {
    const timers = this.#timers
    for (
      let next = timers.at(-1);
      next !== undefined && (next.isCancelled || next.owner.isDead);
      next = timers.at(-1)
    ) {
      timers.pop()
    }
    const next = timers.at(-1)
    if (next === undefined || next.at > until) return false
    this.now = Math.max(this.now, next.at)
    while (timers.at(-1)?.at === next.at) {
      const timer = timers.pop() as Timer
      if (!timer.isCancelled) this.#ready.push(timer)
    }
    return true
  }

  /**
   * Runs until `isDone` (asked now and then), or until nothing happens before `until`, where time stands then. Returns
   * whether it is done; throws when something spins without letting time pass.
   */
  run(until: number, isDone: () => boolean = () => false): boolean {
    let spins = 0
    for (;;) {
      const task = this.#take()
      if (task === undefined) {
        if (isDone()) return true
        spins = 0
        if (this.#advance(until)) continue
        this.now = until
        return isDone()
      }
      if (task.owner.isDead) continue
      if (task.owner.isFrozen) {
        this.#frozen.push(task)
        continue
      }
      this.steps++
      if (++spins > 200_000) throw new Error("Something spins: 200000 tasks ran and no time passed")
      task.run()
    }
  }
}
