/** Says what happened once it is committed: handlers of a batch may run more than once before that. */
import { Console, Context, Effect, Layer } from "effect"
import { Transactor } from "../../src/index.ts"

export class Progress extends Context.Service<
  Progress,
  { readonly afterCommit: (line: string) => Effect.Effect<void> }
>()("examples/operations/Progress") {
  static readonly layer = Layer.effect(
    Progress,
    Effect.map(Transactor, (transactor) => ({
      afterCommit: (line: string) => transactor.afterCommit(Console.log(line))
    }))
  )
  static readonly afterCommit = (line: string) => Progress.use((progress) => progress.afterCommit(line))
}
