/**
 * Wake-ups by the reference's names.
 *
 * @since 0.1.0
 */

/** What the notifier needs of the services around it. @internal */
export interface NotifierParts {
  /** Lets the engine look for work. */
  readonly wake: () => void
  /** Told of a listener that failed. */
  readonly onFailure: (message: string, error: unknown) => void
}

/**
 * Hints that somebody may have work: after a publish here or, as far as processes can reach each other, elsewhere; for a retry, and when a
 * consumer goes on. A hint may be lost, or be for nothing. The engine needs no listener.
 *
 * @since 0.1.0
 */
export class OutboxNotifier {
  readonly #parts: NotifierParts
  readonly #listeners = new Set<() => void>()

  /** @internal */
  constructor(parts: NotifierParts) {
    this.#parts = parts
  }

  /** Adds a listener; it has to return at once. */
  subscribe(listener: () => void): void {
    this.#listeners.add(listener)
  }

  unsubscribe(listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** Tells the listeners, and lets the engine look for work (see `triggerImmediateProcessing`), as after events were inserted by plain SQL. Publishing does so by itself. */
  notifyEventWritten(): void {
    this.tell()
    this.#parts.wake()
  }

  /** How many listeners there are; the engine is none. */
  getSubscriberCount(): number {
    return this.#listeners.size
  }

  removeAllListeners(): void {
    this.#listeners.clear()
  }

  /** Tells the listeners. @internal */
  tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch (error) {
        this.#parts.onFailure("A listener of OutboxNotifier failed", error)
      }
    }
  }
}
