/**
 * What the checks of groups of errors share.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { FailureGroup } from "../../stores/Delivery.ts"
import { ErrorGroupStore, type SeenFailures } from "../../stores/ErrorGroupStore.ts"

/** A group nobody else uses. */
export const newGroup = (): FailureGroup => ({
  fingerprint: String(BigInt(`0x${SecureRandom.uuidV4Unsafe().replaceAll("-", "").slice(0, 15)}`)),
  rule: 1,
  title: "no rate for <number>"
})

export const seenOf = (group: FailureGroup, more: Partial<SeenFailures> = {}): SeenFailures => ({
  ...group,
  consumer: "conformance",
  errorTag: "NoRate",
  sample: "no rate for 1",
  sampleDetail: "no rate for 1\n    at rateOf (rates.ts:1:1)",
  attempts: 1,
  firstAgoMillis: 0,
  lastAgoMillis: 0,
  events: ["a"],
  schemaVersions: [1],
  versions: ["1.0.0"],
  ...more
})

export const failureOf = (group: FailureGroup) => ({ durationMillis: 1, detail: "no rate", group })

/** A group, which must be there. */
export const found = (fingerprint: string) =>
  Effect.map(
    ErrorGroupStore.use((store) => store.find(fingerprint)),
    (group) => {
      assert.ok(group !== undefined, "the group is there")
      return group
    }
  )
