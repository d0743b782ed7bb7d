/**
 * The transaction of another client that an Effect runs in.
 *
 * @since 0.1.0
 */
import { Context, Effect } from "effect"
import { TransactionUnusable } from "../errors/TransactionErrors.ts"
import type { AnyTransactionClient, TransactionClient } from "./TransactionClient.ts"
import { Transactor } from "./Transactor.ts"

/** A transaction of another client. @internal */
export interface ClientTransaction {
  readonly client: AnyTransactionClient
  /** What the client calls it. */
  readonly tx: unknown
  /** Whether the engine ends it; else that is for whoever opened it, and nothing is known of its end. */
  readonly isOurs: boolean
  /** Is to be done before it is given to code that cannot be stopped: finds out what `forsake` needs to know. */
  readonly identify: Effect.Effect<void>
  /**
   * Says that it is only to be rolled back, and not to be used by who has it: code that has failed may go on in part, and code that was
   * interrupted may wait for an answer besides, which is ended.
   */
  readonly forsake: (why: "failed" | "interrupted") => void
  /** Whether that was said: it is not to be committed. */
  readonly isForsaken: () => boolean
}

/** None by default. @internal */
export const CurrentClientTransaction = Context.Reference<ClientTransaction | undefined>(
  "effect-integration/ClientTransaction/CurrentClientTransaction",
  { defaultValue: () => undefined }
)

/** The client that a handler was declared with: its deliveries' transactions have to be those of that one. @internal */
export const RequiredClient = Context.Reference<AnyTransactionClient | undefined>(
  "effect-integration/ClientTransaction/RequiredClient",
  { defaultValue: () => undefined }
)

/** A transaction in the hands of code that cannot be stopped. @internal */
export interface HandedOut {
  /** What the client calls it; undefined without a client. Throws `TransactionUnusable` where a client is, and no transaction. */
  readonly tx: () => unknown
  readonly forsake: ClientTransaction["forsake"]
}

/** The current transaction, to be handed to such code. @internal */
export const handOut: Effect.Effect<HandedOut, never, Transactor> = Effect.gen(function* () {
  const { client } = yield* Transactor
  const current = yield* CurrentClientTransaction
  if (current !== undefined) yield* current.identify
  return {
    tx: () => {
      if (current !== undefined || client === undefined) return current?.tx
      throw new TransactionUnusable({ client: client.name, problem: "leased", cause: undefined })
    },
    forsake: (why) => current?.forsake(why)
  }
})

/**
 * The delivery's transaction in a handler, or that of `Transactor.withTransaction`, as the client calls it: what is written through it commits
 * with the delivery, or not at all. Not to be used after the handler, nor by fibers that outlive it.
 *
 * @param client - the one that `Integration.layer({ client })` was given
 *
 * Fails with `TransactionUnusable` outside of a transaction, and in one that another client opened.
 *
 * @since 0.1.0
 */
export const transactionOf = <Tx>(client: TransactionClient<Tx>): Effect.Effect<Tx, TransactionUnusable> =>
  Effect.flatMap(CurrentClientTransaction, (current): Effect.Effect<Tx, TransactionUnusable> => {
    if (current?.client === client) return Effect.as(current.identify, current.tx as Tx)
    const problem = current === undefined ? "none" : "elsewhere"
    return Effect.fail(new TransactionUnusable({ client: client.name, problem, cause: undefined }))
  })
