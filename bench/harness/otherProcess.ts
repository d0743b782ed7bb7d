/**
 * A consumer in another process: `node otherProcess.ts <module> <url>`. It calls `consume` of the module, and tells its
 * parent when it is ready, and when something is handled.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { makeHandled, sharedNow } from "./work.ts"

/** Starts the consumer of a side, for things to be handled in. */
export const startOther = async (module: string, url: string) => {
  const handled = makeHandled()
  const child = fork(fileURLToPath(import.meta.url), [module, url], { stdio: ["ignore", "inherit", "inherit", "ipc"] })
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the consumer ended (exit ${code})`)))
    child.on("message", (message) => {
      if (message === "ready") resolve()
      else handled.tell(Number(message))
    })
  })
  return { handled, stop: () => child.kill("SIGKILL") }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [module = "", url = ""] = process.argv.slice(2)
  const { consume }: { consume: (url: string, onHandled: () => void) => Promise<unknown> } = await import(module)
  await consume(url, () => process.send?.(sharedNow()))
  process.send?.("ready")
}
