/**
 * How a transaction of a client ends, for clients that do not say all of it: with the body's own error, and known as ended.
 *
 * @internal
 */

/** Opens a transaction of a client, and calls a body in it. */
type Open<Tx> = (body: (tx: Tx) => Promise<void>) => PromiseLike<unknown>

/** Transactions of a client, and which have ended: those opened here, and those of which the client has said so. */
export interface Endings<Tx> {
  readonly hasEnded: (tx: Tx) => boolean
  /**
   * Runs a statement in a transaction, which is known as ended from then on if the client says so.
   *
   * @param isEnd - whether a client refuses a statement as the transaction has ended
   */
  readonly noticing: <A>(tx: Tx, run: () => Promise<A>, isEnd: (error: unknown) => boolean) => Promise<A>
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

  const noticing: Endings<Tx>["noticing"] = async (tx, run, isEnd) => {
    try {
      return await run()
    } catch (error) {
      if (isEnd(error)) ended.add(tx)
      throw error
    }
  }

  return { noticing, hasEnded: (tx) => ended.has(tx), transaction }
}
