/**
 * What an application that is not written in Effect uses: `effect-integration/promise`.
 *
 * @since 0.1.0
 */
export * from "./promise/PromiseApi.ts"
