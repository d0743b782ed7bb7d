/**
 * Faults that a test wants: attempts that fail, crash, run twice or are late.
 *
 * @since 0.1.0
 */
import { type Duration, Effect, Schema } from "effect"
import type * as DomainEvent from "../model/DomainEvent.ts"
import type { Handler, Subscriber } from "../model/SubscriberValue.ts"
import { Transactor } from "../stores/Transactor.ts"

/**
 * What is to go wrong with a subscriber's attempts, counted from 1 for each delivery.
 *
 * @since 0.1.0
 */
export interface Faults {
  /** These attempts fail before the handler runs. */
  readonly fail?: number | ReadonlyArray<number>
  /** What they fail with. Default `InjectedFault`. */
  readonly error?: unknown
  /**
   * The process dies at the end of these attempts, before their commit: what the handler wrote is gone, no attempt is
   * counted, and the delivery comes again.
   */
  readonly crash?: number | ReadonlyArray<number>
  /** The handler runs twice in every attempt; what the first run wrote is undone, as when a batch is repeated. */
  readonly duplicate?: boolean
  /** The handler starts so much later, by the clock in use. */
  readonly delay?: Duration.Input
}

/** What an attempt fails with because a test wanted it to. @since 0.1.0 */
export class InjectedFault extends Schema.TaggedError<InjectedFault>()("InjectedFault", {
  attempt: Schema.Number
}) {
  override get message() {
    return `Attempt ${this.attempt} was made to fail.`
  }
}

/** An attempt whose process died, as far as the delivery can tell. */
class Crashed extends Schema.TaggedError<Crashed>()("Crashed", { attempt: Schema.Number }) {
  /** Not charged and repeated, as after a serialization failure. */
  readonly code = "40001"
}

const includes = (attempts: number | ReadonlyArray<number> | undefined, attempt: number) =>
  typeof attempts === "number" ? attempts === attempt : (attempts?.includes(attempt) ?? false)

/** Runs an effect in a savepoint that is undone, whatever becomes of it. */
const undone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.exit(effect).pipe(Effect.andThen(Effect.fail(undefined)), Transactor.withTransaction, Effect.ignoreCause)

/**
 * The same subscriber, with faults. Batch handlers are given theirs by the attempt of their first event.
 *
 * @since 0.1.0
 */
export const withFaults = <R>(self: Subscriber<R>, faults: Faults): Subscriber<R | Transactor> => {
  const crashed = new Set<string>()
  const around = <A>(
    event: DomainEvent.DomainEvent | undefined,
    run: Effect.Effect<A, unknown, R>
  ): Effect.Effect<A, unknown, R | Transactor> =>
    Effect.gen(function* () {
      const attempt = event?.attempt ?? 1
      if (faults.delay !== undefined) yield* Effect.sleep(faults.delay)
      if (includes(faults.fail, attempt)) return yield* Effect.fail(faults.error ?? new InjectedFault({ attempt }))
      if (faults.duplicate === true) yield* undone(run)
      const result = yield* run
      const key = `${event?.deliveryId} ${attempt}`
      if (!includes(faults.crash, attempt) || crashed.has(key)) return result
      crashed.add(key)
      return yield* new Crashed({ attempt })
    })
  const { handler } = self
  const wrapped: Handler<R | Transactor> =
    handler._tag === "Single"
      ? {
          _tag: "Single",
          handle: (event) =>
            around(
              event,
              Effect.suspend(() => handler.handle(event))
            )
        }
      : {
          _tag: "Batch",
          handle: (events) =>
            around(
              events[0],
              Effect.suspend(() => handler.handle(events))
            )
        }
  return { ...self, handler: wrapped }
}
