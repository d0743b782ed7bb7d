/** The demo with its traffic, in memory, as a process of its own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

export const startDemo = async () => {
  const child = spawn(process.execPath, ["examples/demo/main.ts", "--traffic", "--port", "0"], {
    cwd: root,
    env: { ...process.env, DEMO_STORE: "memory" },
    stdio: ["ignore", "pipe", "inherit"]
  })
  const ended = once(child, "exit")
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const [, found] = /^Dashboard: (\S+?)\/? /.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    void ended.then(() => reject(new Error("The demo ended before it served its dashboard.")))
  })
  return {
    url,
    stop: async () => {
      child.kill("SIGTERM")
      await ended
    }
  }
}
