/**
 * Serving subscribers: from their registration to the moment when nobody is left to be handled for them.
 *
 * @internal
 */
import { Context, type Duration, Effect } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { isLeased } from "../../model/Consumer.ts"
import type { Subscriber } from "../../model/SubscriberValue.ts"
import { RequiredClient } from "../../stores/ClientTransaction.ts"
import type { Engine } from "../engine.ts"
import type * as Poller from "../maintenance/poller.ts"
import { recordServed } from "../recovery/served.ts"
import type * as Workers from "../workers/workers.ts"
import * as Drain from "./drain.ts"
import { counting, type Progress } from "./liveness.ts"

/** A handler that was declared with a client writes in its transactions: they have to be the deliveries'. */
const checkClient = ({ consumer, context }: Subscriber, { transactor }: Engine): InvalidOption | undefined => {
  const wanted = Context.get(context as Context.Context<never>, RequiredClient)
  if (wanted === undefined) return undefined
  const option = `client of a subscriber of consumer "${consumer.name}"`
  if (wanted !== transactor.client) {
    const expected = "the one of the integration: createIntegration({ client }), Integration.layer({ client })"
    return new InvalidOption({ option, value: `another client (${wanted.name})`, expected })
  }
  return isLeased(consumer)
    ? new InvalidOption({
        option,
        value: `${wanted.name}, of a leased consumer`,
        expected: 'none, as leased handlers run outside of any transaction; or mode: "transactional"'
      })
    : undefined
}

/** Registers subscribers and runs their consumers until the scope closes. */
export const serveWith = (
  engine: Engine,
  workers: Workers.Workers,
  poller: Poller.Poller,
  progress: Progress,
  timeout: Duration.Duration
) =>
  Effect.fn("Processor.serve")(function* (subscribers: ReadonlyArray<Subscriber>) {
    yield* engine.transactor.checkClient
    for (const subscriber of subscribers) {
      const problem = checkClient(subscriber, engine)
      if (problem !== undefined) return yield* problem
    }
    const names = [...new Set(subscribers.map((subscriber) => subscriber.consumer.name))]
    const drain = yield* workers.errand
    // Workers stop before handlers go: nothing is claimed that nobody can handle. The drain after them: its end calls them.
    const leave = workers
      .suspend(names)
      .pipe(
        Effect.andThen(drain.stop),
        Effect.andThen(engine.registry.deregister(subscribers)),
        Effect.andThen(workers.resume(names)),
        counting(progress, "ending")
      )
    const join = Effect.gen(function* () {
      // Recorded first: a subscription that nobody is known to serve may be retired.
      yield* Effect.acquireRelease(engine.registry.register(subscribers, recordServed(engine)), () => leave)
      for (const name of names) engine.passedOver.delete(name)
      yield* poller.nudge
      const { processorEnabled, startupDrainEnabled } = yield* engine.settings.current
      if (!processorEnabled || !startupDrainEnabled) return
      yield* drain
        .run((isStopping) => Drain.startup(engine, names, { timeout, isStopping }))
        // What is not built serves nobody: no worker begins before its scope closes.
        .pipe(Effect.onError(() => engine.registry.deregister(subscribers)))
    })
    // Workers begin when the drain is through: it takes what is due in larger batches.
    yield* Effect.acquireUseRelease(
      workers.suspend(names),
      () => join,
      () => workers.resume(names)
    ).pipe(counting(progress, "starting"))
  })
