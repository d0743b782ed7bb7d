/** What is administered, and who may do so: the same in all servers here. */
import { Layer, Redacted } from "effect"
import { Integration } from "effect-integration"
import { Admin } from "effect-integration/Admin"

/** In memory, so that this runs alone; an application has `Integration.layer()` over its database. */
export const AdminLive = Admin.layer.pipe(Layer.provideMerge(Integration.layerMemory()))

/** From the environment, and not in the code, where it is not an example. */
export const token = process.env.OPS_TOKEN ?? "an-example-of-a-token"

export const auth = { tokens: [{ token: Redacted.make(token), name: "ops", role: "operator" as const }] }

/** A server that runs. */
export interface Running {
  /** Where the administration is mounted. */
  readonly url: string
  readonly stop: () => Promise<unknown>
}
