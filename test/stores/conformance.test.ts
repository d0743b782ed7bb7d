/** The checks of every contract, on every database and in memory, with the same results. */
import { describe, layer as withLayer } from "@effect/vitest"
import * as Conformance from "../../src/testing/conformance/Conformance.ts"
import { runtimes } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

describe.each(runtimes)("$name", ({ isServer, layer, name: store }) => {
  // PGlite has one session: two transactions cannot be open at once. What is in memory ends with its process.
  const concurrent = [
    ...Conformance.inboxStoreConcurrent,
    ...Conformance.leasesConcurrent,
    ...Conformance.operationStoreConcurrent
  ]
  const others = [...(isServer ? [] : concurrent), ...(store === "memory" ? Conformance.replicaStoreDurable : [])]
  const checks = Conformance.all.filter((check) => !others.includes(check))
  withLayer(layer({ settings: unpolled, statistics: false }), { excludeTestServices: true, timeout: "60 seconds" })(
    "stores",
    (it) => {
      for (const { contract, name, test } of checks) it.effect(`${contract}: ${name}`, () => test)
    }
  )
})
