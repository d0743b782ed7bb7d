/**
 * A batch subscriber: all events of a claimed batch in one call, written with one statement. One of them is refused: it
 * alone is repeated and ends as a dead letter.
 */
import { Effect, Layer, Logger, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, IntegrationLive, Processor, Publisher, Subscriber } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

const MeterRead = DomainEvent.define("meter.read", {
  sourceModule: "metering",
  aggregateType: "Meter",
  aggregateId: (reading) => reading.meter,
  payload: Schema.Struct({ meter: Schema.String, kwh: Schema.Number })
})

const keepReadings = Subscriber.batch({
  consumer: Consumer.make("billing.readings", { maxAttempts: 1 }),
  event: MeterRead,
  handler: Effect.fn("keepReadings")(function* (events) {
    const sql = yield* SqlClient.SqlClient
    const meters = events.map((event) => event.payload.meter)
    const kwh = events.map((event) => String(event.payload.kwh))
    yield* sql`INSERT INTO reading SELECT * FROM unnest(${meters}::text[], ${kwh}::float8[])`
    yield* Effect.sync(() => console.log(`a call with ${events.length}`))
    return events.map((event) =>
      event.payload.kwh < 0 ? Subscriber.failed(event, "meters do not run backwards") : Subscriber.processed(event)
    )
  })
})

const Tables = Layer.effectDiscard(
  SqlClient.SqlClient.use((sql) => sql`CREATE TABLE IF NOT EXISTS reading (meter text, kwh float8)`)
)

const readings = [100, 200, -3, 400].map((kwh, index) =>
  DomainEvent.publication(MeterRead, { meter: `m${index + 1}`, kwh })
)

const program = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const processor = yield* Processor
  const [, , bad] = yield* Publisher.publishAll(readings)
  yield* processor.drain
  console.log(yield* sql`SELECT meter, kwh FROM reading ORDER BY meter`)
  if (bad !== undefined) console.log((yield* processor.settled(bad.id))[0]?.lastError)
})

const Live = Subscriber.layer(keepReadings).pipe(
  Layer.provideMerge(IntegrationLive),
  Layer.provideMerge(Tables),
  Layer.provideMerge(PgLite.layerMemory),
  Layer.provideMerge(Logger.layer([]))
)

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
a call with 4
a call with 1
a call with 3
[
  { meter: 'm1', kwh: 100 },
  { meter: 'm2', kwh: 200 },
  { meter: 'm4', kwh: 400 }
]
meters do not run backwards
*/
