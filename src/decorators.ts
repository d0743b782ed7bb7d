/**
 * Subscribers as classes: `effect-integration/decorators`.
 *
 * @since 0.1.0
 */
export * from "./subscribing/Decorators.ts"
