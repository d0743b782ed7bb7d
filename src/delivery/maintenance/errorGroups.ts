/**
 * What is kept of groups of errors: gathered in memory, as far as attempts fail, and added every ten seconds; what was killed before
 * that is found by its deliveries, and what was not seen for long is forgotten.
 *
 * @internal
 */
import { Cause, Clock, Effect, Exit, Queue, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { errorRule, templateOf } from "../../model/errorTemplate.ts"
import { Settings } from "../../settings/Settings.ts"
import { ErrorGroupStore, type SeenFailures, type UnknownGroup } from "../../stores/ErrorGroupStore.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { untraced } from "../../telemetry/tracing.ts"
import type { ErrorNotes } from "../engine.ts"
import { Gathered } from "./gathered.ts"

export interface Services {
  readonly store: ErrorGroupStore["Service"]
  readonly settings: Settings["Service"]
  /** Of the application. */
  readonly version: string | undefined
}

/** How long the end of the processor waits for what it has gathered to be added. */
const lastWrite = "2 seconds"

/** After a start, until what deliveries know alone is looked for; then how often, with what is to be forgotten. */
const times = { first: "1 minute", later: "1 hour" } as const

/** Groups that one statement looks at. */
const window = 100

/** Others get their turn between two windows. */
const breath = "20 millis"

const toSeen = (group: UnknownGroup): SeenFailures => ({
  fingerprint: group.fingerprint,
  rule: errorRule,
  title: templateOf(group.sample).title,
  consumer: group.consumer,
  errorTag: group.errorTag,
  sample: group.sample,
  sampleDetail: null,
  attempts: 1,
  firstAgoMillis: group.agoMillis,
  lastAgoMillis: group.agoMillis,
  events: [group.eventName],
  schemaVersions: [group.schemaVersion],
  versions: []
})

/** Adds groups that deliveries are of and nobody told of: their process was killed, or had no room for them. */
export const addUnknown = ({ settings, store }: Services): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    for (let found = window; found === window; ) {
      const unknown = yield* withStatementTimeout({ settings }, "errorGroups.unknown", untraced(store.unknown(window)))
      if (unknown.length > 0) yield* store.add(unknown.map(toSeen))
      found = unknown.length
      if (found === window) yield* Effect.sleep(breath)
    }
  })

/** Forgets what was not seen for long. Returns how many groups. */
export const forgetOld = ({ settings, store }: Services): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    let total = 0
    for (let after: string | undefined; ; ) {
      const step = store.forget(after, window)
      const { groups, next } = yield* withStatementTimeout({ settings }, "errorGroups.forget", untraced(step))
      total += groups
      if (next === undefined) return total
      after = next
      yield* Effect.sleep(breath)
    }
  })

/** Adds what was gathered. What could not be added is kept for the next time. */
export const makeAdd = ({ settings, store }: Services, gathered: Gathered): Effect.Effect<boolean> => {
  let isFailing = false
  return Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const taken = gathered.take()
    if (taken.length === 0) return true
    const statement = untraced(store.add(gathered.toSeen(taken, steadyMillisUnsafe(clock))))
    const adding = withStatementTimeout({ settings }, "errorGroups.add", statement)
    const exit = yield* Effect.exit(adding).pipe(Effect.onInterrupt(() => Effect.sync(() => gathered.giveBack(taken))))
    if (Exit.isSuccess(exit)) {
      isFailing = false
      return true
    }
    gathered.giveBack(taken)
    if (!isFailing && !Cause.hasInterruptsOnly(exit.cause)) {
      isFailing = true
      yield* Effect.logWarning(
        "What failed is not added to integration_error_group for now; it is kept, and tried again",
        exit.cause
      )
    }
    return false
  })
}

/** Gathers, adds and forgets for as long as the scope lives, and adds the rest at its end. */
export const make = (services: Services): Effect.Effect<ErrorNotes, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { store, version } = services
    const clock = yield* Clock.Clock
    const gathered = new Gathered(version)
    const wanted = yield* Queue.sliding<void>(1)
    const add = makeAdd(services, gathered)
    yield* Effect.addFinalizer(() => Effect.timeoutOption(add, lastWrite))
    const addLater = Effect.gen(function* () {
      yield* Queue.take(wanted)
      yield* Effect.sleep(store.gatherMillis)
      if (!(yield* add)) yield* Queue.offer(wanted, undefined)
    })
    yield* addLater.pipe(Effect.forever, Effect.annotateLogs({ fiber: "errors" }), Effect.forkScoped)
    const look = Effect.ignoreCause(Effect.andThen(addUnknown(services), forgetOld(services)))
    yield* Effect.sleep(times.first).pipe(
      Effect.andThen(look.pipe(Effect.andThen(Effect.sleep(times.later)), Effect.forever)),
      Effect.annotateLogs({ fiber: "errors" }),
      Effect.forkScoped
    )
    return {
      write: Effect.asVoid(add),
      note: (others) =>
        Effect.suspend(() => {
          const now = steadyMillisUnsafe(clock)
          const count = others.filter(({ row, settlement }) => gathered.note(row, settlement, now)).length
          if (count === 0) return Effect.void
          return store.gatherMillis === 0 ? Effect.asVoid(add) : Effect.asVoid(Queue.offer(wanted, undefined))
        })
    }
  })

/** The same, with the services around it. @param version - of the application */
export const start = Effect.fnUntraced(function* (version: string | undefined) {
  return yield* make({ store: yield* ErrorGroupStore, settings: yield* Settings, version })
})
