/** The checks of every contract on an integration whose transactions another client opens: with the same results. */
import { describe, layer } from "@effect/vitest"
import * as Conformance from "../../src/testing/conformance/Conformance.ts"
import { withApplication } from "../support/applications.ts"
import { clientKinds } from "../support/transactionClients.ts"

describe.each(clientKinds)("%s", (name) => {
  layer(withApplication(name), { excludeTestServices: true, timeout: "60 seconds" })("stores", (it) => {
    for (const { contract, name, test } of Conformance.all) it.effect(`${contract}: ${name}`, () => test)
  })
})
