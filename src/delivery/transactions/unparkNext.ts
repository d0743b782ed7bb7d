/**
 * Letting what waits behind settled deliveries go on.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Claimed } from "../../stores/Delivery.ts"
import type { Engine } from "../engine.ts"
import type { Round } from "./round.ts"

/**
 * Lets what waits behind these deliveries go on, if it is parked. Belongs into the transaction that settles them.
 *
 * @param options.waits - for a lease, which does not hold its key: who is just parking behind it is waited for, since
 * neither would else see the other. Default: the transaction holds the keys, and knows which have something parked
 */
export const unparkNext = (
  engine: Engine,
  { consumer, rules: { delayed, onDeadLetter } }: Pick<Round, "consumer" | "rules">,
  rows: ReadonlyArray<Claimed>,
  { waits = false }: { readonly waits?: boolean } = {}
) => {
  if (onDeadLetter === undefined) return Effect.void
  const keys = new Set(rows.flatMap((row) => (waits || row.isParking === true ? (row.orderingKey ?? []) : [])))
  return Effect.asVoid(engine.inbox.unpark({ consumer: consumer.name, keys: [...keys], onDeadLetter, delayed, waits }))
}
