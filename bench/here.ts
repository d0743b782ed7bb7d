/** This library, with its default settings, as the benchmarks use it. */
import { Effect, Layer, ManagedRuntime, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, Integration, Processor, Publisher, Subscriber } from "../src/index.ts"
import { clientFor, execute, type Runner, settleDown } from "./harness/database.ts"
import { type Measured, type Run, throughput } from "./harness/model.ts"
import { counter, handledTable, listsOf, type Payload, payloads } from "./harness/work.ts"

export const Happened = DomainEvent.define("bench.happened", {
  sourceModule: "bench",
  aggregateType: "Thing",
  aggregateId: (payload) => payload.id,
  payload: Schema.Struct({ id: Schema.String, text: Schema.String })
})

export const consumerName = (index = 0) => `bench.consumer-${index}`

/** How the services are built. */
export interface BuildOptions {
  readonly integration?: Integration.Options
  /** What they are built on besides their client: a tracer, say. */
  readonly beneath?: Layer.Layer<never>
}

/** The services, without a subscriber. */
export const integration = (url: string, { beneath = Layer.empty, integration: options = {} }: BuildOptions = {}) =>
  ManagedRuntime.make(Integration.layer(options).pipe(Layer.provideMerge(clientFor(url)), Layer.provideMerge(beneath)))

const untilSwept = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  while ((yield* sql`SELECT 1 FROM integration_subscription WHERE swept_at IS NULL`).length > 0) yield* Effect.sleep(5)
})

/** A process that publishes for `consumers` durable subscriptions that other processes serve. */
export const publisherOf = async (url: string, consumers = 1, options: BuildOptions = {}) => {
  const runtime = integration(url, options)
  const subscribers = Array.from({ length: consumers }, (_, index) =>
    Subscriber.make({ consumer: consumerName(index), event: Happened, handler: () => Effect.void })
  )
  await runtime.runPromise(Effect.scoped(Effect.andThen(Layer.build(Subscriber.layer(...subscribers)), untilSwept)))
  return runtime
}

export const publish = (payload: Payload) => Publisher.publish(Happened, payload)

export const publishList = (list: ReadonlyArray<Payload>) =>
  Publisher.publishAll(list.map((payload) => DomainEvent.publication(Happened, payload)))

/** Ten at a time. */
export const publishTenAtOnce = <A>(
  runtime: Pick<ManagedRuntime.ManagedRuntime<Publisher, unknown>, "runPromise">,
  items: ReadonlyArray<A>,
  one: (item: A) => Effect.Effect<unknown, unknown, Publisher>
) => runtime.runPromise(Effect.forEach(items, one, { concurrency: 10, discard: true }))

export const writeRow = (thing: string) =>
  SqlClient.SqlClient.use((sql) => Effect.withTracerEnabled(sql`INSERT INTO handled (thing) VALUES (${thing})`, false))

/** What a handler does, and how it is declared. */
export type Handler = "nothing" | "row" | "batch"

export const subscriberOf = (handler: Handler, onHandled: () => void, options: Consumer.Options = {}, index = 0) => {
  const consumer = Consumer.make(consumerName(index), options)
  if (handler === "batch") {
    return Subscriber.batch({
      consumer,
      event: Happened,
      handler: Effect.fnUntraced(function* (events) {
        const sql = yield* SqlClient.SqlClient
        yield* sql`INSERT INTO handled (thing) SELECT unnest(${events.map((event) => event.payload.id)}::text[])`
        for (const _ of events) onHandled()
        return events.map((event) => Subscriber.processed(event))
      })
    })
  }
  return Subscriber.make({
    consumer,
    event: Happened,
    handler: (event) => {
      onHandled()
      return handler === "nothing" ? Effect.void : writeRow(event.payload.id)
    }
  })
}

/** Publishes `size` events for `consumers` subscriptions, and leaves the database at rest. */
export const prepare = async (
  { size, url }: Pick<Run, "size" | "url">,
  consumers = 1,
  bytes?: number,
  options: BuildOptions = {}
) => {
  const publisher = await publisherOf(url, consumers, options)
  await execute(publisher, handledTable)
  await publishTenAtOnce(publisher, listsOf(payloads(size, bytes)), publishList)
  await settleDown(publisher)
  await publisher.dispose()
}

const openDeliveries = "SELECT 1 FROM inbox_event WHERE status IN ('received', 'failed') LIMIT 1"

/** No delivery is open: handlers have run, and their transactions are committed. */
export const untilSettled = async (runtime: Runner) => {
  while ((await execute(runtime, openDeliveries)).length > 0) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** Serves subscribers until it is interrupted. */
export const serving = <R>(...subscribers: ReadonlyArray<Subscriber.Subscriber<R>>) =>
  Effect.scoped(Effect.andThen(Layer.build(Subscriber.layer(...subscribers)), Effect.never))

export interface DrainOptions extends BuildOptions {
  readonly consumers?: number
  readonly consumer?: Consumer.Options
}

/** From the start of a process that has `size` events waiting, until no delivery is open. */
export const drain = async (run: Run, handler: Handler, options: DrainOptions = {}): Promise<Measured> => {
  const consumers = options.consumers ?? 1
  const { done, hit } = counter(run.size * consumers)
  const runtime = integration(run.url, options)
  // Connected, and its tables looked at.
  await runtime.runPromise(Effect.void)
  const subscribers = Array.from({ length: consumers }, (_, index) =>
    subscriberOf(handler, hit, options.consumer, index)
  )
  const took = await run.timed(async () => {
    runtime.runFork(serving(...subscribers))
    await done
    await untilSettled(runtime)
  })
  await runtime.dispose()
  return throughput(run.size * consumers, took)
}

/** A process that serves, until it is disposed of. */
export const serve = async (url: string, onHandled: () => void, options: Integration.Options = {}) => {
  const runtime = ManagedRuntime.make(
    Subscriber.layer(subscriberOf("nothing", onHandled)).pipe(
      Layer.provideMerge(Integration.layer(options)),
      Layer.provideMerge(clientFor(url))
    )
  )
  await runtime.runPromise(Effect.asVoid(Processor))
  return runtime
}

/** For `otherProcess.ts`. */
export const consume = (url: string, onHandled: () => void) => serve(url, onHandled)
