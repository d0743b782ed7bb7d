/**
 * The description of the HTTP API.
 *
 * @internal
 */
import { HttpServerResponse } from "effect/http"
import { OpenApi } from "effect/http-api"
import { Api } from "../api/api.ts"

const security = {
  bearer: { type: "http", scheme: "bearer", description: "One of the tokens of this server." },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "effect_integration_session",
    description: "Set by POST /api/v1/session; its name ends with the port and the base path."
  }
}

/** @param basePath - where the API is mounted */
export const openApi = (basePath: string) => {
  const described = OpenApi.fromApi(Api)
  return HttpServerResponse.jsonUnsafe({
    ...described,
    info: { ...described.info, title: "Administration of effect-integration", version: "v1" },
    servers: [{ url: basePath === "" ? "/" : basePath }],
    components: { ...described.components, securitySchemes: security },
    security: [{ bearer: [] }, { session: [] }]
  })
}
