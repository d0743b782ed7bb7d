/** The suites of every contract, on every database and in memory, with the same verdicts. */
import { describe } from "@effect/vitest"
import { inboxStoreSuite } from "./conformance/inboxStore.ts"
import {
  linkStoreSuite,
  settingStoreSuite,
  subscriptionStoreSuite,
  transactorSuite
} from "./conformance/otherStores.ts"
import { outboxStoreSuite } from "./conformance/outboxStore.ts"
import { runtimes } from "./support/databases.ts"
import { unpolled } from "./support/scenario.ts"

describe.each(runtimes)("$name", ({ isServer, layer, name }) => {
  const stores = layer({ settings: unpolled })
  outboxStoreSuite(name, stores)
  // PGlite has one session: two transactions cannot be open at once.
  inboxStoreSuite(name, stores, { isConcurrent: isServer })
  subscriptionStoreSuite(name, stores)
  linkStoreSuite(name, stores)
  settingStoreSuite(name, stores)
  transactorSuite(name, stores)
})
