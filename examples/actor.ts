/**
 * An actor: a parking garage that counts its cars. One event of a garage at a time, state and reply in the delivery's
 * transaction.
 */
import { Effect, Layer, Schema } from "effect"
import { Actor, DomainEvent, IntegrationMemory, Processor, Publisher, Subscriber } from "../src/index.ts"

const about = {
  sourceModule: "parking",
  aggregateType: "Garage",
  aggregateId: (car: { readonly garage: string }) => car.garage,
  payload: Schema.Struct({ garage: Schema.String })
}
const CarEntered = DomainEvent.define("car.entered", about)
const CarLeft = DomainEvent.define("car.left", about)
const GarageFull = DomainEvent.define("garage.full", about)

const Garage = Actor.make({
  consumer: "parking.garage",
  state: Schema.Struct({ cars: Schema.Int }),
  initial: { cars: 0 },
  handlers: (on) => [
    on(CarEntered, ({ cars }, { payload }) => {
      const next = { cars: cars + 1 }
      return Effect.succeed(next.cars === 2 ? Actor.reply(next, DomainEvent.publication(GarageFull, payload)) : next)
    }),
    on(CarLeft, ({ cars }) => Effect.succeed({ cars: cars - 1 }))
  ]
})

const closeGate = Subscriber.make({
  consumer: "gate",
  event: GarageFull,
  handler: (event) => Effect.sync(() => console.log(`the ${event.payload.garage} garage is full`))
})

const program = Effect.gen(function* () {
  const processor = yield* Processor
  const [north, south] = [{ garage: "north" }, { garage: "south" }]
  for (const definition of [CarEntered, CarEntered, CarLeft]) yield* Publisher.publish(definition, north)
  yield* Publisher.publish(CarEntered, south)
  yield* processor.drain
  console.log(yield* Garage.state("north"))
  for (const { aggregate, state } of (yield* Garage.states()).items) console.log(aggregate.entityId, state.cars)
})

const Live = Subscriber.layer(...Garage.subscribers, closeGate).pipe(Layer.provideMerge(IntegrationMemory))

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
the north garage is full
{ cars: 1 }
north 1
south 1
*/
