/**
 * How a transaction of a client ends, for clients that do not say all of it: with the body's own error, and known as ended.
 *
 * @internal
 */

/** Opens a transaction of a client, and calls a body in it. */
type Open<Tx> = (body: (tx: Tx) => Promise<void>) => PromiseLike<unknown>

/** Transactions of a client, and which of those opened here have ended. */
export interface Endings<Tx> {
  readonly hasEnded: (tx: Tx) => boolean
  readonly transaction: (body: (tx: Tx) => Promise<void>) => Promise<void>
}

/**
 * Rejects with what the body rejected with, whatever became of ROLLBACK, and with what `check` rejects with: it is asked before COMMIT,
 * which does not say in every client that it rolled back.
 */
export const endings = <Tx extends object>(open: Open<Tx>, check: (tx: Tx) => PromiseLike<unknown>): Endings<Tx> => {
  const ended = new WeakSet<Tx>()

  const transaction = async (body: (tx: Tx) => Promise<void>) => {
    let failure: { readonly error: unknown } | undefined
    const isOver = open(async (tx) => {
      try {
        await body(tx)
        await check(tx)
      } catch (error) {
        failure = { error }
        throw error
      } finally {
        ended.add(tx)
      }
    })
    try {
      await isOver
    } catch (error) {
      failure ??= { error }
    }
    if (failure !== undefined) throw failure.error
  }

  return { hasEnded: (tx) => ended.has(tx), transaction }
}
