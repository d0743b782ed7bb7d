/**
 * The engine in transactions of `kysely`: `effect-integration/kysely`.
 *
 * @since 0.1.0
 */
export * from "./clients/kysely.ts"
