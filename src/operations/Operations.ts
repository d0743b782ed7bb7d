/**
 * Requeueing and discarding many dead letters, as work that is kept: whoever asked may leave, and any process goes on with it.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { type ConsumerNotFound, OperationNotFound } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { cutTo, isUuid } from "../model/storable.ts"
import { AuditStore, CurrentActor, entryOf } from "../stores/AuditStore.ts"
import { type Operation, type OperationState, OperationStore } from "../stores/OperationStore.ts"
import { operationsWakeUp } from "../stores/operationsWakeUp.ts"
import { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import { toStoredFilter } from "../stores/storedFilter.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import { checkConsumer } from "./checkConsumer.ts"
import { checkCutOff, checkRequest, type OperationRequest } from "./operationRequest.ts"
import { checkLimit } from "./pages.ts"

export type { Operation, OperationKind, OperationState } from "../stores/OperationStore.ts"
export type { Canary, OperationRequest } from "./operationRequest.ts"

/** What an operation would do. @since 0.1.0 */
export interface Preview {
  /** How many dead letters it would take; more if it is not exact. */
  readonly count: number
  readonly isExact: boolean
  /** Those of their consumers that keep order, which a requeue keeps too. */
  readonly ordered: ReadonlyArray<string>
  /** `cutOff` of an operation that takes these and no others; what gave up within the last millisecond is not among them. */
  readonly cutOff: Date
}

/** One page of a list. @since 0.1.0 */
export interface Page {
  readonly operations: ReadonlyArray<Operation>
  /** `after` of the next page; undefined on the last. */
  readonly next: string | undefined
}

/** Which operations are listed. @since 0.1.0 */
export interface Selection {
  readonly state?: OperationState
  /** `next` of the page before; default the first page. */
  readonly after?: string
  /** Operations at most, 1 to 1000; default 100. */
  readonly limit?: number
}

/** How far dead letters are counted before an operation acts. */
const counted = 10_000

const states: ReadonlyArray<OperationState> = ["canary", "running", "finished", "stopped", "canary-failed"]

const checkSelection = Effect.fnUntraced(function* (selection: Selection) {
  const unknown = unknownOption("Operations.list", selection, ["state", "after", "limit"])
  if (unknown !== undefined) return yield* unknown
  const { after, limit = 100, state } = selection
  yield* checkLimit("Operations.list", limit)
  if (after !== undefined && !isUuid(after)) {
    const option = "after of Operations.list"
    return yield* new InvalidOption({ option, value: after, expected: "the next of an earlier page" })
  }
  if (state !== undefined && !states.includes(state)) {
    const option = "state of Operations.list"
    return yield* new InvalidOption({ option, value: String(state), expected: `one of ${states.join(", ")}` })
  }
})

const make = Effect.gen(function* () {
  const store = yield* OperationStore
  const audit = yield* AuditStore
  const subscriptions = yield* SubscriptionStore
  const { afterCommit, withTransaction } = yield* Transactor
  const notifier = yield* Notifier
  /** Whoever drives operations looks at once. */
  const wakeDrivers = afterCommit(notifier.announce([operationsWakeUp]))
  const preview = Effect.fnUntraced(function* (request: OperationRequest) {
    const checked = yield* checkRequest(request)
    const { at, count, ordered } = yield* store.preview(checked, counted + 1)
    const { consumer } = checked.filter
    if (count === 0 && consumer !== undefined) yield* checkConsumer(subscriptions, consumer)
    yield* checkCutOff(checked.cutOff, at)
    return { checked, preview: { count, isExact: count <= counted, ordered, cutOff: checked.cutOff ?? at } }
  })
  const find = Effect.fnUntraced(function* (id: string) {
    const found = isUuid(id) ? yield* store.find(id) : undefined
    return found ?? (yield* new OperationNotFound({ operationId: id }))
  })
  return Operations.of({
    preview: Effect.fn("Operations.preview")(function* (request) {
      return (yield* preview(request)).preview
    }),
    start: Effect.fn("Operations.start")(function* (request) {
      const { checked, preview: found } = yield* preview(request)
      const { name: by, role } = yield* CurrentActor
      const start = Effect.gen(function* () {
        const operation = yield* store.add({
          ...checked,
          reason: checked.reason === null ? null : cutTo(checked.reason, 1023),
          id: SecureRandom.uuidV7Unsafe(),
          by: cutTo(by, 255),
          role: cutTo(role, 255),
          total: found.count,
          isTotalExact: found.isExact
        })
        const { canary, cutOff, filter, id, kind, pace, reason, total } = operation
        const what = { kind, filter: JSON.parse(toStoredFilter(filter)), cutOff: cutOff.toISOString(), canary, pace }
        yield* audit.add(
          yield* entryOf({ action: `operations.${kind}`, target: id, reason, affected: total, details: what })
        )
        yield* wakeDrivers
        return operation
      })
      return yield* withTransaction(start)
    }),
    get: Effect.fn("Operations.get")(find),
    list: Effect.fn("Operations.list")(function* (selection = {}) {
      yield* checkSelection(selection)
      const { after, limit = 100, state } = selection
      const operations = yield* store.list(state === undefined ? {} : { state }, after, limit)
      return { operations, next: operations.length < limit ? undefined : operations.at(-1)?.id }
    }),
    stop: Effect.fn("Operations.stop")(function* (id, reason) {
      yield* find(id)
      const { name } = yield* CurrentActor
      return yield* withTransaction(
        Effect.gen(function* () {
          const isStopped = yield* store.stop(id, cutTo(name, 255))
          const operation = yield* find(id)
          if (isStopped) {
            const entry = { action: "operations.stop", target: id, affected: operation.done, reason: reason ?? null }
            yield* audit.add(yield* entryOf(entry))
            yield* wakeDrivers
          }
          return operation
        })
      )
    })
  })
})

/**
 * Operations: dead letters that are requeued or discarded by the thousand, a few hundred in a transaction, by any process that runs
 * `Integration.layer`, at a pace if need be, with the first few as a canary. A process that ends in the middle of it neither doubles nor
 * loses one. Results are kept for 30 days. Methods fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class Operations extends Context.Service<
  Operations,
  {
    /**
     * What an operation would do, before it does: counted up to 10,000. Fails with `InvalidOption`, `UnsupportedOption` and
     * `ConsumerNotFound`, as `start` does.
     */
    readonly preview: (
      request: OperationRequest
    ) => Effect.Effect<Preview, InvalidOption | UnsupportedOption | ConsumerNotFound | StoreError>
    /**
     * Stores an operation, and returns it; it begins at once. What gives up after the cut-off is not taken, so neither is what fails again
     * because of it; nor what somebody else has requeued or discarded meanwhile. What an ordered consumer has keeps its order.
     *
     * Fails with `InvalidOption`, also for a cut-off that has not come and for a filter whose fields are undefined, with
     * `UnsupportedOption` for fields that nobody knows, and with `ConsumerNotFound` when the filter names a consumer that there is none
     * of.
     */
    readonly start: (
      request: OperationRequest
    ) => Effect.Effect<Operation, InvalidOption | UnsupportedOption | ConsumerNotFound | StoreError>
    /** An operation, and how far it is. Fails with `OperationNotFound`. */
    readonly get: (id: string) => Effect.Effect<Operation, OperationNotFound | StoreError>
    /** The last first. Fails with `InvalidOption` and `UnsupportedOption`. */
    readonly list: (selection?: Selection) => Effect.Effect<Page, InvalidOption | UnsupportedOption | StoreError>
    /**
     * Takes nothing more: what was requeued stays so, and goes on being counted until it is settled. Returns the operation; one that came to
     * an end before stays as it is. Fails with `OperationNotFound`.
     */
    readonly stop: (id: string, reason?: string) => Effect.Effect<Operation, OperationNotFound | StoreError>
  }
>()("effect-integration/Operations") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<
    Operations,
    never,
    OperationStore | AuditStore | SubscriptionStore | Transactor | Notifier
  > = Layer.effect(
    Operations,
    Effect.suspend(() => make)
  )
}
