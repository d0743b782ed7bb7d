/**
 * The engine in transactions of `drizzle-orm`: `effect-integration/drizzle`.
 *
 * @since 0.1.0
 */
export * from "./clients/drizzle.ts"
