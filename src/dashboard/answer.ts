/**
 * The dashboard as what the administration answers where there is no API.
 *
 * @internal
 */
import { HttpServerResponse } from "effect/http"
import { NotFound } from "../admin/problems.ts"
import { httpProblem, refusal, withHeaders } from "../admin/server/answers.ts"
import type { Asked } from "../admin/server/asked.ts"
import type { Elsewhere } from "../admin/server/elsewhere.ts"
import { isRead } from "../admin/server/gate.ts"
import { makeAssets } from "./assets.ts"
import type { Files } from "./files.ts"
import { pageAt } from "./page.ts"

/** No screen is as deep: whoever asks for more wants a long answer. */
const maxDepth = 16

const readOnly = withHeaders(httpProblem(405, "There is a page here, which is only read.", { allow: "GET, HEAD" }))

const missing = (detail: string) => withHeaders(refusal(new NotFound({ detail })))

const noAsset = missing("There is no such file. If the dashboard was updated meanwhile, load the page again.")

const noPage = missing(
  "There is no such address. The dashboard is a page for browsers; what else there is, says /api/v1/openapi.json."
)

/** Whether somebody asks for a page to show, and not for a part of one. */
const isForPage = ({ headers }: Asked, path: string) => path === "/" || /\btext\/html\b/i.test(headers.accept ?? "")

/** To the same with a slash at its end, so that what the page loads is below it. */
const withSlash = ({ address, path: query }: Asked) => {
  const [path = ""] = address.split("?", 1)
  const name = path.slice(path.lastIndexOf("/") + 1)
  // It stays at this host whatever was asked for: no scheme, and no slash of any kind, is in it.
  if (!/^[\w.~%-]+$/.test(name)) return noPage
  return withHeaders(HttpServerResponse.empty({ status: 308, headers: { location: `${name}/${query}` } }))
}

/** Answers with the page and its assets. */
export const makeAnswer = (files: Files): Elsewhere => {
  const assets = makeAssets(files)
  return (asked) => {
    if (!isRead(asked)) return readOnly
    const [path = ""] = asked.path.split("?", 1)
    if (path === "") return withSlash(asked)
    if (path.startsWith("/assets/")) return assets(asked, path.slice("/assets/".length)) ?? noAsset
    const depth = path.split("/").length - 2
    return depth <= maxDepth && isForPage(asked, path) ? pageAt(files.page, depth) : noPage
  }
}
