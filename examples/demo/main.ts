/**
 * `npm run demo`: finance creates and cancels invoices, operations makes linked tasks of them, CRM keeps the customers'
 * balances. One handler fails twice before it succeeds, another always fails and ends as a dead letter. Kill it at any
 * moment and start it again: it goes on from what is there, and ends with the same numbers.
 *
 * `--traffic` goes on with traffic until it is ended, and serves the dashboard; `--dashboard` only serves it; `--port` says where.
 */
import { Console, Effect, Layer, Logger } from "effect"
import { readFlags } from "./flags.ts"
import { offered } from "./offered.ts"
import { runUntilSignal } from "./runUntilSignal.ts"
import { serveWhile } from "./serve.ts"
import * as Stores from "./stores.ts"
import { consumers, story } from "./story.ts"
import { traffic } from "./traffic.ts"

/** Of traffic, what fails is on the dashboard: as lines it would go by too fast to be read. */
let isQuiet = false

/** One line per failed attempt, without stack or annotations. */
const readable = Logger.make(({ logLevel, message }) => {
  const words = Array.isArray(message) ? message.map(String).join(": ") : String(message)
  if (logLevel !== "Info" && !isQuiet) console.log(`  ${logLevel.toLowerCase()}: ${words}`)
})

const flags = readFlags()

const Live = consumers.pipe(
  Layer.provideMerge(Stores.layer(flags.traffic)),
  Layer.provideMerge(Logger.layer([readable]))
)

const program = Effect.gen(function* () {
  yield* Console.log(`The demo runs on ${Stores.where(flags.traffic)}\n`)
  yield* story
  isQuiet = flags.traffic
  if (flags.traffic) return yield* serveWhile(flags, traffic)
  if (flags.dashboard || (yield* offered)) return yield* serveWhile(flags, Effect.never)
})

await runUntilSignal(program.pipe(Effect.provide(Live)))
