/**
 * Waits for the deliveries of one event, or of consumers.
 *
 * @internal
 */
import { Duration, Effect, Option } from "effect"
import { consumerNotFound } from "../../errors/consumerNotFound.ts"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { type ConsumerNotFound, EventNotFound, NotSettled } from "../../errors/OperationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { isUuid } from "../../model/storable.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import type { Engine } from "../engine.ts"
import { waitedFor } from "./waitedFor.ts"

const whenSettled = (
  engine: Engine,
  eventId: string
): Effect.Effect<ReadonlyArray<Delivery>, EventNotFound | StoreError> =>
  Effect.gen(function* () {
    if (!isUuid(eventId)) return yield* new EventNotFound({ eventId })
    for (;;) {
      const event = yield* engine.outbox.findById(eventId)
      if (event === undefined) return yield* new EventNotFound({ eventId })
      if (event.isRouted) {
        const deliveries = yield* engine.inbox.findByEvent(eventId)
        if (!deliveries.some((delivery) => delivery.isOpen)) return deliveries
      }
      yield* engine.inbox.changed
    }
  })

/** Waits until all deliveries of an event are settled, or the time is over. */
export const settled = (
  engine: Engine,
  eventId: string,
  { timeout }: { readonly timeout?: Duration.Input } = {}
): Effect.Effect<ReadonlyArray<Delivery>, EventNotFound | InvalidOption | NotSettled | StoreError> =>
  Effect.gen(function* () {
    if (timeout === undefined) return yield* whenSettled(engine, eventId)
    const limit = Duration.fromInput(timeout)
    if (Option.isNone(limit)) {
      const option = "timeout of Processor.settled"
      return yield* new InvalidOption({ option, value: String(timeout), expected: "a duration" })
    }
    const found = yield* Effect.timeoutOption(whenSettled(engine, eventId), limit.value)
    if (Option.isSome(found)) return found.value
    const withinMillis = Duration.toMillis(limit.value)
    const open = yield* waitedFor(engine, eventId)
    // It was settled while it was asked who is waited for.
    if (open.length === 0) return yield* engine.inbox.findByEvent(eventId)
    return yield* new NotSettled({ withinMillis, open })
  })

/** The names, if all are of consumers that there are: a misspelt one would never have anything open. */
const known = Effect.fnUntraced(function* (engine: Engine, names: ReadonlyArray<string>) {
  const own = new Set((yield* engine.registry.consumers).map(({ name }) => name))
  if (names.every((name) => own.has(name))) return names
  const all = new Set((yield* engine.subscriptions.consumers).map(({ consumer }) => consumer))
  const stranger = names.find((name) => !own.has(name) && !all.has(name))
  return stranger === undefined ? names : yield* consumerNotFound(stranger, [...all, ...own])
})

/** Waits until nothing is open for these consumers; default those of this process. Handles nothing itself. */
export const allSettled = (
  engine: Engine,
  consumers: ReadonlyArray<string> | undefined
): Effect.Effect<void, ConsumerNotFound | StoreError> =>
  Effect.gen(function* () {
    const names =
      consumers === undefined
        ? (yield* engine.registry.consumers).map(({ name }) => name)
        : yield* known(engine, consumers)
    while (yield* engine.inbox.hasOpen(names)) yield* engine.inbox.changed
  })
