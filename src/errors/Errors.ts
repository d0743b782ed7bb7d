/**
 * Every error a user of this package can meet, apart from those of opening PGlite, which `effect-integration/PgLite`
 * exports. Tags name what went wrong for the caller; messages say what happened, where, and what to do next.
 *
 * @since 0.1.0
 */
export * from "./ContractErrors.ts"
export * from "./DeclarationErrors.ts"
export * from "./HandlerErrors.ts"
export * from "./OperationErrors.ts"
export * from "./PayloadErrors.ts"
export * from "./StoreErrors.ts"
export * from "./TransactionErrors.ts"
