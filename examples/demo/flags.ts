/** What the demo is asked for on the command line. */
import { parseArgs } from "node:util"

export interface Flags {
  readonly traffic: boolean
  readonly dashboard: boolean
  /** Only the API of the dashboard, for who works on its page. */
  readonly api: boolean
  /** Port of the dashboard; 0: a free one. */
  readonly port: number
}

const usage = "npm run demo -- [--traffic | --dashboard] [--api] [--port N]"

const defaultPort = 4984

/** Says what is wrong, and ends the process. */
const refuse = (problem: string): never => {
  console.error(`${problem}\n${usage}`)
  process.exit(2)
}

export const readFlags = (): Flags => {
  try {
    const { values } = parseArgs({
      options: {
        traffic: { type: "boolean", default: false },
        dashboard: { type: "boolean", default: false },
        api: { type: "boolean", default: false },
        port: { type: "string", default: String(defaultPort) }
      }
    })
    const port = Number(values.port)
    return /^\d+$/.test(values.port) && port <= 65_535
      ? { ...values, port }
      : refuse(`--port ${values.port}: expected a number from 0 to 65535.`)
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}
