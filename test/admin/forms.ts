/** The forms that the administration has: asked in process, and over HTTP by a server on the loopback interface. */
import { Effect, Layer } from "effect"
import { Admin } from "../../src/admin/Admin.ts"
import { AdminServer } from "../../src/admin/AdminServer.ts"

/** Of a server that answers with the one in the context. */
const overHttp = Layer.unwrap(Effect.map(AdminServer, ({ url }) => Admin.layerHttp({ url }))).pipe(
  Layer.provide(AdminServer.layer({ port: 0 })),
  Layer.provide(Admin.layer)
)

export const forms = [
  { form: "in process", layer: Admin.layer, who: "application" },
  // On the loopback interface, and without tokens.
  { form: "over HTTP", layer: overHttp, who: "anybody" }
] as const
