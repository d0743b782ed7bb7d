/**
 * Links in a transaction that was opened with another database client.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { SqlUnavailable } from "../errors/StoreErrors.ts"
import type { TransactionUnusable } from "../errors/TransactionErrors.ts"
import { LinkStore } from "./LinkStore.ts"
import type { TransactionClient } from "./TransactionClient.ts"
import { Transactor } from "./Transactor.ts"

/** Operations of `LinkStore` in a transaction of another client. */
type In<Operation extends (...given: never) => unknown> = (
  ...given: Parameters<Operation>
) => ReturnType<Operation> extends Effect.Effect<infer A, infer E>
  ? Effect.Effect<A, E | TransactionUnusable | SqlUnavailable, LinkStore | Transactor>
  : never

/** `LinkStore`, in one transaction. @since 0.1.0 */
export interface LinksIn {
  /** See `LinkStore.create`. */
  readonly create: In<LinkStore["Service"]["create"]>
  /** See `LinkStore.findOutbound`. */
  readonly findOutbound: In<LinkStore["Service"]["findOutbound"]>
  /** See `LinkStore.findInbound`. */
  readonly findInbound: In<LinkStore["Service"]["findInbound"]>
}

/**
 * Creates and finds links in a transaction that the application opened with a client of its own: they exist if and only if it commits.
 *
 * @param tx - what the client calls a transaction
 * @param client - what made of the client by `pgClient(pool)` and its like; default: the `client` of `Integration.layer`
 *
 * Its effects fail as those of `LinkStore` do, and with `TransactionUnusable` when nothing can be written in the transaction; then nothing was.
 *
 * @since 0.1.0
 */
export const linksIn = <Tx>(tx: Tx, client?: TransactionClient<Tx>): LinksIn => {
  const within = <A, E>(effect: Effect.Effect<A, E, LinkStore>) =>
    Transactor.use((transactor) => transactor.within(tx, effect, client))
  return {
    create: (link) => within(LinkStore.create(link)),
    findOutbound: (source, options) => within(LinkStore.findOutbound(source, options)),
    findInbound: (target, options) => within(LinkStore.findInbound(target, options))
  }
}
