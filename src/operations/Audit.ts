/**
 * Who did what, written down where it was done.
 *
 * @since 0.1.0
 */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import {
  type Actor,
  type AuditEntry,
  type AuditFilter,
  AuditStore,
  CurrentActor,
  type NewAuditEntry
} from "../stores/AuditStore.ts"
import { checkLimit } from "./pages.ts"

export type { Actor, AuditEntry, AuditOutcome } from "../stores/AuditStore.ts"

/** An entry as it is given: who and in which role are those of the current fiber unless they are said. @since 0.1.0 */
export interface Given
  extends Pick<NewAuditEntry, "action" | "target">,
    Partial<Omit<NewAuditEntry, "action" | "target">> {}

/** Which entries are listed; without a field, all. @since 0.1.0 */
export interface Selection extends Omit<AuditFilter, "since" | "until"> {
  /** Written at this time or later. */
  readonly since?: DateTime.DateTime.Input
  /** Written before this time. */
  readonly until?: DateTime.DateTime.Input
  /** `next` of the page before; default the first page. */
  readonly after?: string
  /** Entries at most, 1 to 1000; default 100. */
  readonly limit?: number
}

/** One page of the audit. @since 0.1.0 */
export interface Page {
  readonly entries: ReadonlyArray<AuditEntry>
  /** `after` of the next page; undefined on the last. A page that has one may be empty: a look passes 50,000 entries at most. */
  readonly next: string | undefined
}

const names = ["who", "action", "target", "since", "until", "after", "limit"]

const timeOf = (name: "since" | "until", input: DateTime.DateTime.Input | undefined) => {
  if (input === undefined) return Effect.succeed({})
  const time = DateTime.make(input)
  return Option.isSome(time)
    ? Effect.succeed({ [name]: DateTime.toDateUtc(time.value) })
    : Effect.fail(new InvalidOption({ option: `${name} of Audit.list`, value: String(input), expected: "a time" }))
}

const checkAfter = (after: string | undefined) =>
  after === undefined || /^\d{1,19}$/.test(after)
    ? Effect.void
    : Effect.fail(
        new InvalidOption({ option: "after of Audit.list", value: after, expected: "the next of an earlier page" })
      )

const make = Effect.gen(function* () {
  const store = yield* AuditStore
  return Audit.of({
    record: Effect.fn("Audit.record")(function* (given) {
      const actor = yield* CurrentActor
      yield* store.add({
        who: actor.name,
        role: actor.role,
        reason: null,
        affected: null,
        outcome: "done",
        details: null,
        ...given
      })
    }),
    list: Effect.fn("Audit.list")(function* (selection = {}) {
      const unknown = unknownOption("Audit.list", selection, names)
      if (unknown !== undefined) return yield* unknown
      const { after, limit = 100, since, until, ...filter } = selection
      yield* checkLimit("Audit.list", limit)
      yield* checkAfter(after)
      const times = { ...(yield* timeOf("since", since)), ...(yield* timeOf("until", until)) }
      return yield* store.list({ ...filter, ...times }, after, limit)
    })
  })
})

/**
 * The audit: dead letters that were requeued or discarded, consumers that were paused, resumed or retired, settings, operations. Each is
 * written in the transaction of what it speaks of: it is there if that is. What the engine does by itself is not in it. Entries stay for
 * `auditRetentionHours`.
 *
 * @since 0.1.0
 */
export class Audit extends Context.Service<
  Audit,
  {
    /** Writes an entry, in the caller's transaction if there is one. Fails with `StoreError`. */
    readonly record: (entry: Given) => Effect.Effect<void, StoreError>
    /** The last first. Fails with `InvalidOption`, `UnsupportedOption` and `StoreError`. */
    readonly list: (selection?: Selection) => Effect.Effect<Page, InvalidOption | UnsupportedOption | StoreError>
  }
>()("effect-integration/Audit") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Audit, never, AuditStore> = Layer.effect(
    Audit,
    Effect.suspend(() => make)
  )

  /**
   * Who acts: `Effect.provideService(Audit.CurrentActor, { name: "ana", role: "operator" })`. Default: the application, in the role
   * `application`.
   *
   * @since 0.1.0
   */
  static readonly CurrentActor: Context.Reference<Actor> = CurrentActor
}
