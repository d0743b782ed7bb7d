/**
 * The engine in transactions of `postgres`: `effect-integration/postgres`.
 *
 * @since 0.1.0
 */
export * from "./clients/postgres.ts"
