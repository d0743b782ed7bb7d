/**
 * For tests: `effect-integration/testing`.
 *
 * @since 0.1.0
 */
export * from "./testing/observe.ts"
