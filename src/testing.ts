/**
 * For tests: what was published and delivered, faults, and the checks every store has to pass.
 *
 * @since 0.1.0
 */
export * as Conformance from "./testing/conformance/Conformance.ts"
export { type ContractOptions, contracts } from "./testing/contractFile.ts"
export * from "./testing/Faults.ts"
export * from "./testing/Observe.ts"
