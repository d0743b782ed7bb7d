/** The suites of every contract, on every database, with the same verdicts. */
import { describe } from "@effect/vitest"
import { Layer } from "effect"
import { Integration } from "../src/index.ts"
import { inboxStoreSuite } from "./conformance/inboxStore.ts"
import {
  linkStoreSuite,
  settingStoreSuite,
  subscriptionStoreSuite,
  transactorSuite
} from "./conformance/otherStores.ts"
import { outboxStoreSuite } from "./conformance/outboxStore.ts"
import { databases } from "./support/databases.ts"
import { unpolled } from "./support/scenario.ts"

describe.each(databases)("$name", ({ isServer, layer: database, name }) => {
  const stores = Integration.layer({ settings: unpolled }).pipe(Layer.provide(database))
  outboxStoreSuite(name, stores)
  // PGlite has one session: two transactions cannot be open at once.
  inboxStoreSuite(name, stores, { isConcurrent: isServer })
  subscriptionStoreSuite(name, stores)
  linkStoreSuite(name, stores)
  settingStoreSuite(name, stores)
  transactorSuite(name, stores)
})
