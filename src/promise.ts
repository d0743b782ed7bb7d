/**
 * The same for code that is not written in Effect: `effect-integration/promise`.
 *
 * @since 0.1.0
 */
export * from "./promise/PromiseApi.ts"
