/**
 * Errors of transactions that another client opened.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

const sentences = {
  "no-client":
    "it is not known whose transaction this is. Give the client to Integration.layer({ client }) or createIntegration({ client }), or as a second argument: publisherIn(tx, client).",
  none: "no transaction is open. Begin one and give what the client calls a transaction, not its pool or the client itself; what is published outside of a transaction goes through Publisher.",
  ended:
    "the transaction was committed or rolled back already. Publish before it ends, and wait for that: await publisherIn(tx).publish(…).",
  failed:
    "a statement in the transaction has failed, and PostgreSQL takes no other until it is rolled back. Look for the first error in it, or set a savepoint before what may fail.",
  "read-only": "the transaction only reads, as it or its database says. Publish in one that may write.",
  leased:
    'a leased handler is in no transaction. Declare it with mode: "transactional", as in @Consumer(name, { mode: "transactional" }); subscriber({ client, … }) is so by itself.',
  conflict:
    "other transactions stand in its way, and PostgreSQL has rolled it back. Repeat the whole transaction, as it was.",
  elsewhere:
    "it is a transaction of another database than the integration's, or of one without its tables. Give the client of the database that the integration uses."
} as const

/**
 * Nothing can be written in a transaction of another client. Nothing was: what its owner wrote before commits or not as its owner says.
 *
 * @since 0.1.0
 */
export class TransactionUnusable extends Schema.TaggedError<TransactionUnusable>()("TransactionUnusable", {
  /** The client, as `pg` or `Prisma`. */
  client: Schema.String,
  /**
   * `none`: no transaction is open; `ended`: it has been committed or rolled back; `failed`: a statement in it has failed; `conflict`: others
   * stood in its way, and the whole of it may be repeated; `read-only`: it may not write; `leased`: a leased handler asked for its transaction, and has none; `elsewhere`: it is one of another database; `no-client`: nobody said whose it is.
   */
  problem: Schema.Literals(["no-client", "none", "ended", "failed", "read-only", "leased", "conflict", "elsewhere"]),
  /** What the client or the database said. */
  cause: Schema.Defect()
}) {
  /** Whether the same transaction may succeed when it is repeated. */
  get isRetryable(): boolean {
    return this.problem === "conflict"
  }
  override get message() {
    return `${this.client}: ${sentences[this.problem]}`
  }
}
