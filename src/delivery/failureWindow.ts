/**
 * How many attempts there were lately, and how many of them failed.
 *
 * @internal
 */

/** Attempts of the same part of a window are counted together. */
const parts = 60

interface Part {
  readonly startedAt: number
  attempts: number
  failures: number
}

/** Attempts of one consumer in this process, as long as they count. */
export class FailureWindow {
  #parts: Array<Part> = []

  /** Forgets what began before a time, in milliseconds of the same clock as the others. */
  forget(before: number): void {
    while ((this.#parts[0]?.startedAt ?? before) < before) this.#parts.shift()
  }

  add(now: number, windowMillis: number, attempts: number, failures: number): void {
    this.forget(now - windowMillis)
    const last = this.#parts.at(-1)
    if (last !== undefined && now - last.startedAt < windowMillis / parts) {
      last.attempts += attempts
      last.failures += failures
    } else this.#parts.push({ startedAt: now, attempts, failures })
  }

  get counts() {
    return this.#parts.reduce(
      (sum, { attempts, failures }) => ({ attempts: sum.attempts + attempts, failures: sum.failures + failures }),
      { attempts: 0, failures: 0 }
    )
  }

  /** When the first of them ended; without any, now. */
  startedAt(now: number): number {
    return this.#parts[0]?.startedAt ?? now
  }
}
