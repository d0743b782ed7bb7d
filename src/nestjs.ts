/**
 * For applications of NestJS: the module, and all that its users inject, subscribe with and read.
 * `effect-integration/nestjs`.
 *
 * @since 0.1.0
 */
export * from "./nestjs/integrationModule.ts"
export * from "./services.ts"
export { Consumer, Subscribe } from "./subscribing/Decorators.ts"
