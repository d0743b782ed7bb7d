/**
 * Names for statements that are prepared once per connection.
 *
 * @internal
 */
import { createHash } from "node:crypto"

/** A connection keeps what it has prepared: more different statements than the engine has are not prepared. */
const most = 500

/** Shorter ones are parsed and planned as fast as they are found. */
const shortest = 200

/** The name of each text, the same in all processes; undefined for those that are not worth one. */
export const statementNames = () => {
  const names = new Map<string, string>()
  return (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || text.length < shortest || names.size >= most) return known
    const name = `integration_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`
    names.set(text, name)
    return name
  }
}

/** What of it an application decides. @since 0.1.0 */
export interface PrepareOptions {
  /**
   * Whether longer statements are prepared, once per connection, as `@effect/sql-pg` does: it takes 0.3 to 0.9 ms off those of the engine. Not
   * for poolers that hand out connections for a transaction at a time, unless they know prepared statements. Default: false, as
   * `pg` has it.
   */
  readonly prepare?: boolean | undefined
}

/** Names statements, if that is wanted. */
export const namesFor = (options: PrepareOptions) => (options.prepare === true ? statementNames() : () => undefined)
