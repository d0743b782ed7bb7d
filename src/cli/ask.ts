/**
 * A question before what cannot be taken back.
 *
 * @internal
 */
import { Effect } from "effect"
import { Prompt } from "effect/cli"
import { NotDone } from "./failures.ts"
import { clean } from "./output/clean.ts"
import { Call, Session } from "./session.ts"

/**
 * Goes on when it is wanted; fails with `NotDone` otherwise, as where nobody can answer.
 *
 * @param question - with how many it is about
 * @param yes - whether that was answered already
 */
export const confirmed = Effect.fnUntraced(function* (question: string, yes: boolean) {
  if (yes) return
  const [{ canAsk }, { json }] = [yield* Session, yield* Call]
  const message = clean(question)
  if (!canAsk || json) {
    return yield* new NotDone({
      detail: `Nothing was done: nobody can be asked here. Add --yes if the answer is yes to: ${message}`
    })
  }
  if (!(yield* Prompt.run(Prompt.Confirm({ message })))) return yield* new NotDone({ detail: "Nothing was done." })
})
