/**
 * The engine in transactions of `pg`: `effect-integration/pg`.
 *
 * @since 0.1.0
 */
export * from "./clients/pg.ts"
