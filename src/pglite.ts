/**
 * Embedded PostgreSQL as a `SqlClient` layer: `effect-integration/PgLite`.
 *
 * @since 0.1.0
 */
export * from "./pglite/PgLite.ts"
