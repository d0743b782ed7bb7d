/**
 * The end of a transaction of Kysely, behind which no statement is sent: Kysely itself refuses statements when its COMMIT or ROLLBACK was
 * answered, or not at all in earlier versions (0.28.0). Until then, one would be sent on a connection that is in no transaction.
 *
 * @internal
 */

/** Kysely's inside: who has the connection has it alone, others wait for it in turn. */
interface Executor {
  provideConnection<A>(consumer: (connection: object) => Promise<A>): Promise<A>
}

const executorOf = (tx: unknown) => (tx as { getExecutor(): Executor }).getExecutor()

/** Opens a transaction, and calls a body in it. */
type Open<Tx> = (body: (tx: Tx) => Promise<void>) => Promise<unknown>

/**
 * As `open`, but when the body has ended nobody else gets the connection: a statement that waits for it waits until Kysely refuses it, or for
 * ever with a version that never would.
 */
export const endingAlone =
  <Tx>(open: Open<Tx>): Open<Tx> =>
  async (body) => {
    const over = Promise.withResolvers<void>()
    let executor: Executor | undefined
    let failure: { readonly error: unknown } | undefined

    /** Resolves when all statements that came before were answered. */
    const takeConnection = () =>
      new Promise<void>((resolve, reject) => {
        const isTaken = executor?.provideConnection(() => {
          resolve()
          return over.promise
        })
        isTaken?.catch(reject)
      })

    try {
      return await open(async (tx) => {
        executor = executorOf(tx)
        try {
          await body(tx)
        } catch (error) {
          failure = { error }
        }
        await takeConnection()
        if (failure !== undefined) throw failure.error
      })
    } catch (error) {
      // ROLLBACK has failed: this connection takes no statement any more.
      if (failure !== undefined && failure.error !== error) over.resolve()
      throw error
    } finally {
      // Whoever asks now is refused: so are those that wait.
      Promise.resolve()
        .then(() => executor?.provideConnection(async () => undefined))
        .catch(over.resolve)
    }
  }
