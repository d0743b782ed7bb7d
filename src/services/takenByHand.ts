/**
 * What this process has taken by hand, and has to mark still. What a transaction takes is known inside of it, and elsewhere from its
 * commit on.
 *
 * @internal
 */
import { Context, Effect } from "effect"
import { BoundedMap } from "../collections/bounded.ts"
import type { Claimed } from "../stores/Delivery.ts"
import { Transactor } from "../stores/Transactor.ts"

/** A delivery that was taken by hand: the name of its lease, and its row as it was claimed. */
export interface Taken {
  readonly token: string
  readonly row: Claimed
}

/** What changed in the current handler or transaction, by delivery; undefined: nothing is held any more. */
const ChangedHere: Context.Reference<Map<string, Taken | undefined> | undefined> = Context.Reference<
  Map<string, Taken | undefined> | undefined
>("effect-integration/services/ChangedHere", { defaultValue: () => undefined })

/** Runs a handler or a transaction: what it takes is taken if it succeeds, and what is around it does, too. */
export const withOwnTakes = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(ChangedHere, (outer) => {
    const here = new Map(outer)
    const keep = Effect.sync(() => {
      for (const [deliveryId, taken] of here) outer?.set(deliveryId, taken)
    })
    return Effect.tap(Effect.provideService(effect, ChangedHere, here), () => keep)
  })

export class TakenByHand {
  readonly #committed = new BoundedMap<string, Taken>()

  find(deliveryId: string): Effect.Effect<Taken | undefined> {
    return Effect.map(ChangedHere, (here) =>
      here?.has(deliveryId) === true ? here.get(deliveryId) : this.#committed.get(deliveryId)
    )
  }

  /** @param taken - undefined when it was marked */
  set(deliveryId: string, taken: Taken | undefined): Effect.Effect<void, never, Transactor> {
    const commit = Effect.sync(() => {
      if (taken === undefined) this.#committed.delete(deliveryId)
      else this.#committed.set(deliveryId, taken)
    })
    return Effect.andThen(
      Effect.map(ChangedHere, (here) => here?.set(deliveryId, taken)),
      Transactor.use(({ afterCommit }) => afterCommit(commit))
    )
  }

  /** Forgets a lease that the database does not know any more, whatever becomes of the current transaction. */
  drop(deliveryId: string, lost: Taken): Effect.Effect<void> {
    return Effect.map(ChangedHere, (here) => {
      here?.set(deliveryId, undefined)
      if (this.#committed.get(deliveryId) === lost) this.#committed.delete(deliveryId)
    })
  }
}
