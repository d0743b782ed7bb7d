/** What stands in front of a dashboard: a proxy that takes a prefix off the path, and passes everything else on. */
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

/**
 * Listens on loopback, until the test ends.
 *
 * @param prefix - as `/ops/integration`; other paths are not found
 * @param isHostKept - whether what is behind it is told the `Host` that the browser asked for; else its own
 * @returns where the dashboard is seen, a way to say what is behind it, and ways to stop it and to start it again
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
  const start = (at: number) => new Promise<void>((resolve) => server.listen(at, "127.0.0.1", resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await start(0)
  onTestFinished(stop)
  const { port: own } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${own}`
  return {
    origin,
    url: `${origin}${prefix}`,
    leadTo: (behind: number) => {
      port = behind
    },
    /** As if what is behind it were away. */
    stop,
    startAgain: () => start(own)
  }
}
