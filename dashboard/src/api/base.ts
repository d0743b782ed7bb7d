/** Where the page is served: everything is asked for beside it. */

/** With a slash at its end; scripts lie in `assets/` below it. */
const root = import.meta.env.DEV ? "/" : new URL("../", import.meta.url).pathname

/** The path below which the pages are, without a slash at its end. */
export const basePath = root.replace(/\/$/, "")

/** Below it are the paths of the HTTP API. */
export const apiPath = `${basePath}/api/v1`
