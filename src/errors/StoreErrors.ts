/**
 * Errors of stores: a statement, a migration, or a database that is not there.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The database refused a statement or could not be reached. Outside a transaction the outcome of a write is unknown
 * after a lost connection; inside one, the transaction is rolled back.
 *
 * @since 0.1.0
 */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  /** What was being done, for example `outbox.append`. */
  operation: Schema.String,
  /** The database's own words, without parameters. */
  reason: Schema.String,
  /** Whether the same call may succeed later without a change. */
  isRetryable: Schema.Boolean,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.operation}: ${this.reason}`
  }
}

/**
 * A promise handler, or promise code, used `sql` although its integration runs in memory, where there is no database.
 *
 * @since 0.1.0
 */
export class SqlUnavailable extends Schema.TaggedError<SqlUnavailable>()("SqlUnavailable", {}) {
  override get message() {
    return "There is no SQL in memory. Test code that uses sql on PgLite.layerMemory, or keep its state behind a service with an in-memory form."
  }
}

/** A migration failed; the transaction of all pending migrations was rolled back. @since 0.1.0 */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The integration tables could not be migrated, nothing was changed: ${this.reason}`
  }
}

/**
 * The tables are not at the version this code needs, and it may not (or cannot) change that.
 *
 * @since 0.1.0
 */
export class SchemaMismatch extends Schema.TaggedError<SchemaMismatch>()("SchemaMismatch", {
  found: Schema.Int,
  needed: Schema.Int,
  /** The newer migration that older code must not run against, if that is the problem. */
  breaking: Schema.UndefinedOr(Schema.String),
  /** The migration that this version does not have, if the tables are from before the first release. */
  unreleased: Schema.UndefinedOr(Schema.String),
  /** Whether there are tables, and no record of how they came: they were made by hand. */
  isHandmade: Schema.Boolean
}) {
  override get message() {
    if (this.isHandmade)
      return "The integration tables are there, but integration_migration does not say how they came: somebody ran files of sql/ by hand. Nothing was changed. Drop them if they are empty, and run what Migrations.sql() gives, which records what it does."
    if (this.unreleased !== undefined)
      return `The integration tables are at version ${this.found} from before the first release (migration "${this.unreleased}"), this version needs its own version ${this.needed} and does not convert them. Nothing was changed. Let the old version drain them, rename their schema or drop them, and start again.`
    return this.breaking === undefined
      ? `The integration tables are at version ${this.found}, this version needs ${this.needed}. Run the migrations (npx effect-integration migrate, Migrations.run, or the script of Migrations.sql), or start with Integration.layer({ migrate: true }).`
      : `The integration tables are at version ${this.found}, this version knows ${this.needed} and cannot work with "${this.breaking}". Upgrade effect-integration in this process.`
  }
}
