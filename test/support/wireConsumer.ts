/** A consumer as the dashboard is told of it. */
import type { Consumer } from "../../dashboard/src/api/wire.ts"
import { noDepth } from "../../src/admin/answers/consumers.ts"

export type GivenConsumer = Partial<Omit<Consumer, "depth">> & { readonly depth?: Partial<Consumer["depth"]> }

/** One that is served, and has nothing to do. */
export const wireConsumer = ({ depth, ...given }: GivenConsumer = {}): Consumer => ({
  consumer: "crm.letters",
  ordering: "none",
  pausedAt: null,
  pausedBy: null,
  pauseReason: null,
  coolUntil: null,
  lastSeenAt: "2026-11-28T14:00:00Z",
  servedBy: ["replica"],
  subscriptions: [{ event: "invoice.created", priority: 0, isServed: true }],
  ...given,
  depth: { ...noDepth, ...depth }
})
