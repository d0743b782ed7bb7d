/** What stands in front of a dashboard: a proxy that takes a prefix off the path, and passes everything else on. */
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

/**
 * Listens on loopback, until the test ends.
 *
 * @param prefix - as `/ops/integration`; other paths are not found
 * @param isHostKept - whether what is behind it is told the `Host` that the browser asked for; else its own
 * @returns where the dashboard is seen, and a way to say what is behind it
 */
export const startProxy = async (prefix: string, isHostKept: boolean) => {
  let port = 0
  const server = createServer((asked, answer) => {
    const { headers, method, url = "" } = asked
    if (url !== prefix && !url.startsWith(`${prefix}/`)) {
      answer.writeHead(404).end()
      return
    }
    const onward = request(
      {
        ...{ host: "127.0.0.1", port, method, path: url.slice(prefix.length) || "/" },
        headers: isHostKept ? headers : { ...headers, host: `127.0.0.1:${port}` }
      },
      (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers)
        answer.flushHeaders()
        answered.pipe(answer)
      }
    )
    onward.once("error", () => answer.destroy())
    answer.once("close", () => onward.destroy())
    asked.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    url: `${origin}${prefix}`,
    leadTo: (behind: number) => {
      port = behind
    }
  }
}
