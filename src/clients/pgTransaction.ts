/**
 * A transaction of `pg` as the engine hands it out: it takes no statement from the moment on when its end is sent, so that code which goes on
 * does not write on a connection that is in no transaction, or in another's.
 *
 * @internal
 */

/** Whether the end of a transaction has been sent. */
export interface End {
  isSent: boolean
}

/** By what they stand for. */
const ends = new WeakMap<object, End>()

/** Whether a transaction is one that the engine handed out, and has ended. */
export const hasEnded = (tx: object): boolean => ends.get(tx)?.isSent === true

/** As `pg` refuses a query: to a callback, if there is one. */
const refuse = (given: ReadonlyArray<unknown>) => {
  const error = new Error("The transaction has ended")
  const callback = given.findLast((each) => typeof each === "function")
  if (callback === undefined) return Promise.reject(error)
  process.nextTick(callback, error)
  return undefined
}

/** The same client, until the end is sent. */
export const untilEnd = <Client extends object>(client: Client, end: End): Client => {
  const tx = new Proxy(client, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== "function") return value
      return (...given: ReadonlyArray<unknown>): unknown =>
        key === "query" && end.isSent ? refuse(given) : Reflect.apply(value, target, given)
    }
  })
  ends.set(tx, end)
  return tx
}
