/**
 * The engine in transactions of Prisma: `effect-integration/prisma`.
 *
 * @since 0.1.0
 */
export * from "./clients/prisma.ts"
