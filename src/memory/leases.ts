/**
 * Leases in memory.
 *
 * @internal
 */
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { Expired } from "../stores/Delivery.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { DeliveryRecord } from "./records.ts"
import { toClaimed, update } from "./rows.ts"
import { settle } from "./settle.ts"
import type { Tables } from "./tables.ts"

type Leases = Pick<InboxStore["Service"], "lease" | "renew" | "settleLease" | "giveBack" | "expired">

const isHeldBy = ({ lease, status }: DeliveryRecord, token: string) => status === "processing" && lease?.token === token

const leased = (delivery: DeliveryRecord, token: string, until: number): DeliveryRecord => ({
  ...delivery,
  status: "processing",
  attemptCount: delivery.attemptCount + 1,
  lease: { token, until }
})

const givenBack = (delivery: DeliveryRecord, now: number): DeliveryRecord => ({
  ...delivery,
  status: delivery.attemptCount > 1 ? "failed" : "received",
  attemptCount: delivery.attemptCount - 1,
  availableAt: Math.min(delivery.availableAt ?? now, now),
  lease: null
})

export const leases = (tables: Tables): Leases => ({
  lease: ({ deliveryId }, millis) =>
    Effect.suspend(() => {
      const token = SecureRandom.uuidV4Unsafe()
      return Effect.as(
        update(tables, [deliveryId], (delivery, now) => leased(delivery, token, now + millis)),
        token
      )
    }),
  renew: (held, millis) => {
    const tokens = new Set(held.map(({ deliveryId, token }) => `${deliveryId} ${token}`))
    return Effect.map(
      update(tables, [...new Set(held.map(({ deliveryId }) => deliveryId))], (delivery, now) =>
        delivery.status === "processing" &&
        delivery.lease !== null &&
        tokens.has(`${delivery.id} ${delivery.lease.token}`)
          ? { ...delivery, lease: { ...delivery.lease, until: now + millis } }
          : undefined
      ),
      (renewed) => renewed.flatMap(({ lease }) => lease?.token ?? [])
    )
  },
  settleLease: (settlement, token) => settle(tables, settlement, (delivery) => isHeldBy(delivery, token), 0),
  giveBack: ({ deliveryId }, token) =>
    Effect.map(
      update(tables, [deliveryId], (delivery, now) =>
        isHeldBy(delivery, token) ? givenBack(delivery, now) : undefined
      ),
      (changed) => changed.length > 0
    ),
  // There is one process: nobody else could find a lease of it that ran out.
  expired: (consumer, limit) =>
    tables.database.sync((transaction, now) => {
      const found: Array<Expired> = []
      for (const delivery of tables.openOf(transaction, consumer)) {
        const { attemptCount, id, lease } = delivery
        if (found.length === limit || lease === null || lease.until > now) continue
        if (!tables.database.tryLock(transaction, tables.deliveries, id)) continue
        const before = { ...delivery, attemptCount: attemptCount - 1 }
        const claimed = toClaimed(tables, transaction, { delivery: before, isParking: true }, now)
        found.push({ ...claimed, token: lease.token, isHolderRunning: false })
      }
      return found
    })
})
