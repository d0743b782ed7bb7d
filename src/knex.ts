/**
 * The engine in transactions of `knex`: `effect-integration/knex`.
 *
 * @since 0.1.0
 */
export * from "./clients/knex.ts"
