/** Offers the dashboard where somebody can answer; where not, says how it is seen. */
import { createInterface } from "node:readline/promises"
import { Console, Effect } from "effect"

const howTo = Console.log(`
Look at it in the dashboard: npm run demo -- --dashboard
With three modules at work:  npm run demo -- --traffic`)

/** What was typed; undefined when the input ended instead. Ctrl-C is the signal that it is elsewhere. */
const answer = Effect.callback<string | undefined>((resume) => {
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  asking.once("SIGINT", () => process.kill(process.pid, "SIGINT"))
  asking.once("close", () => resume(Effect.succeed(undefined)))
  asking.question("\nLook at it in the dashboard? [Y/n] ").then(
    (text) => {
      resume(Effect.succeed(text))
      asking.close()
    },
    () => undefined
  )
  return Effect.sync(() => asking.close())
})

/** Whether somebody wants to see it: an empty answer is yes. */
export const offered = Effect.gen(function* () {
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const text = yield* answer
    if (text !== undefined && /^\s*(y(es)?)?\s*$/i.test(text)) return true
  }
  yield* howTo
  return false
})
