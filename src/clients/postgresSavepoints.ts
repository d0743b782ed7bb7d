/**
 * What of the engine's statements fails in a transaction that the application began with `sql.begin`, and whether a savepoint of the
 * engine's took it back: of what none did, `sql.begin` hears, and rejects. It would not hear of it from the server, which answers COMMIT with ROLLBACK.
 *
 * @internal
 */

const statement = /^(SAVEPOINT|RELEASE|ROLLBACK TO)(?: SAVEPOINT)? (.+)$/

/** The engine's savepoints in one transaction, and a failure behind them. */
export interface Savepoints {
  /** A statement was done. */
  readonly done: (text: string) => void
  /**
   * A statement has failed.
   *
   * @param tell - tells `sql.begin`: at once, or when what should take it back has failed, too
   */
  readonly failed: (text: string, tell: () => void) => void
}

export const newSavepoints = (): Savepoints => {
  const open: Array<string> = []
  let untold: (() => void) | undefined
  return {
    done: (text) => {
      const [, what, name = ""] = statement.exec(text) ?? []
      if (what === undefined) return
      if (what === "SAVEPOINT") {
        open.push(name)
        return
      }
      // Those that came after it are gone, too.
      open.length = Math.max(0, open.lastIndexOf(name) + (what === "RELEASE" ? 0 : 1))
      if (what === "ROLLBACK TO") untold = undefined
    },
    failed: (text, tell) => {
      untold ??= tell
      if (open.length > 0 && !text.startsWith("ROLLBACK TO")) return
      untold()
      untold = undefined
    }
  }
}
