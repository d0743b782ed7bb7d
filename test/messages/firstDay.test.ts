/**
 * What is said of the mistakes of a first day, as whole sentences: what happened, where, and what to do. Of those that need a
 * database, a process or a compiler, the tests beside what they are about have the texts: `integration/` (starts, migrations,
 * TestClock), `promise/databases.test.ts`, `publishing/requireTransaction.test.ts`, `delivery/` (attempts, timeouts),
 * `subscribing/decorators.test.ts`.
 */
import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Layer, Schema } from "effect"
import {
  Consumer,
  Contracts,
  DomainEvent,
  Integration,
  IntegrationMemory,
  Lineage,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { unpolled } from "../support/scenario.ts"

/** As JavaScript is: without types. */
// biome-ignore lint/suspicious/noExplicitAny: what types would refuse is what these tests are about
const untyped = <A>(value: A): any => value

const Asked = DomainEvent.define("shop.asked", {
  sourceModule: "shop",
  aggregateType: "Question",
  aggregateId: () => "1",
  payload: Schema.Struct({})
})

const V1 = Schema.Struct({ a: Schema.String })
const V2 = Schema.Struct({ b: Schema.String })
const handler = () => Effect.void

const serving = (...subscribers: ReadonlyArray<unknown>) =>
  Layer.build(untyped(Subscriber.layer)(...subscribers)).pipe(Effect.scoped)

const made = (options?: unknown) => Effect.suspend(() => serving(untyped(Subscriber.make)(options)))

const building = (layer: Layer.Layer<never, unknown> | Layer.Layer<unknown, unknown>) =>
  Effect.scoped(Layer.build(layer as Layer.Layer<unknown, unknown>))

class Plain {
  readonly name = "plain"
}

const mistakes: ReadonlyArray<readonly [string, () => Effect.Effect<unknown, unknown, never>, string]> = [
  [
    "a subscriber without a handler",
    () => made({ consumer: "shop.mail", event: Asked }),
    'Option handler of the subscriber of consumer "shop.mail" for "shop.asked" is undefined, expected a function from the event to an Effect. Given: consumer, event.'
  ],
  [
    "a subscriber with names of another library",
    () => made({ consumerName: "shop.mail", eventName: "shop.asked", handler }),
    "Option consumer of a subscriber is undefined, expected a Consumer, or its name. Given: consumerName, eventName, handler. Did you mean consumer and event?"
  ],
  [
    "a subscriber with a name that is misspelt",
    () => made({ consumer: "shop.mail", evnet: Asked, handler }),
    'Option event of the subscriber of consumer "shop.mail" is undefined, expected a definition, several, or a pattern. Given: consumer, evnet, handler. Did you mean event?'
  ],
  [
    "an event that is undefined, as a circular import leaves it",
    () => made({ consumer: Consumer.make("shop.mail"), event: undefined, handler }),
    'Option event of the subscriber of consumer "shop.mail" is undefined, expected a definition, several, or a pattern. If it is imported, look for a circular import.'
  ],
  [
    "a subscriber of nothing",
    () => made(),
    "Option options of a subscriber is undefined, expected { consumer, event, handler }."
  ],
  [
    "an option of a subscriber that is misspelt",
    () => made({ consumer: "shop.mail", event: Asked, handler, prioriti: 1 }),
    'Subscriber of consumer "shop.mail": option prioriti is not supported by this version and would have no effect. Did you mean priority? Supported: consumer, event, handler, priority.'
  ],
  [
    "a plain object in place of a subscriber",
    () => serving(Subscriber.make({ consumer: "a", event: Asked, handler }), { consumer: "b", event: Asked, handler }),
    "Option subscribers[1] of Subscriber.layer is object, expected one that was made with Subscriber.make, batch, fromClass or fromInstance."
  ],
  [
    "a list in place of subscribers",
    () => serving([Subscriber.make({ consumer: "a", event: Asked, handler })]),
    "Option subscribers[0] of Subscriber.layer is a list, expected subscribers one by one: Subscriber.layer(...list)."
  ],
  [
    "an object without decorators",
    () => serving(...Subscriber.fromInstance(new Plain())),
    'Class Plain has no @Consumer("name"): whose mailbox its methods drain is not known. Of objects that may have no decorators, ask Subscriber.isDecorated(instance) first.'
  ],
  [
    "an object without a class",
    () => serving(...Subscriber.fromInstance(Object.create(null))),
    'Class Object has no @Consumer("name"): whose mailbox its methods drain is not known. Of objects that may have no decorators, ask Subscriber.isDecorated(instance) first.'
  ],
  [
    "an option of the integration that is misspelt",
    () => building(Integration.layerMemory(untyped({ maxPayloadByte: 1 }))),
    "Integration.layer: option maxPayloadByte is not supported by this version and would have no effect. Did you mean maxPayloadBytes? Supported: "
  ],
  [
    "a setting that is misspelt",
    () => building(Integration.layerMemory({ settings: untyped({ batchsize: 1 }) })),
    "Integration.layer settings: option batchsize is not supported by this version and would have no effect. Did you mean batchSize? Supported: "
  ],
  [
    "a setting as text",
    () => building(Integration.layerMemory({ settings: untyped({ batchSize: "3" }) })),
    'Option core.integration.outbox.batchSize is "3", expected an integer from 1 to 500.'
  ],
  [
    "publish with a name",
    () => untyped(Publisher.publish)("shop.asked", {}),
    'Option definition of Publisher.publish is "shop.asked", expected one of DomainEvent.define; without one: publishEvent({ eventName, sourceModule, aggregateType, aggregateId, payload }).'
  ],
  [
    "one message in place of a list",
    () =>
      Publisher.use((publisher) => publisher.importAll(untyped({ id: "1" }))).pipe(Effect.provide(IntegrationMemory)),
    "Option events of Publisher.importAll is object, expected a list; one message: Publisher.import."
  ],
  [
    "a correlation that is misspelt",
    () => Effect.suspend(() => Lineage.within(untyped({ corelationId: "request-1" }))(Effect.void)),
    "Lineage.within: option corelationId is not supported by this version and would have no effect. Did you mean correlationId? Supported: correlationId, traceparent, metadata."
  ],
  [
    "surroundings that are none",
    () => Effect.suspend(() => Lineage.within(untyped("request-1"))(Effect.void)),
    "Option options of Lineage.within is request-1, expected { correlationId, traceparent, metadata }."
  ],
  [
    "an option of versions that is misspelt",
    () => Effect.sync(() => DomainEvent.versions(V1, untyped({ numbr: 3 }))),
    "DomainEvent.versions: option numbr is not supported by this version and would have no effect. Did you mean number? Supported: number."
  ],
  [
    "an option of a step that is none",
    () =>
      Effect.sync(() =>
        DomainEvent.versions(V1)
          .next(V2)
          .from(({ a }) => ({ b: a }), untyped({ up: 3 }))
      ),
    "from of version 2 of DomainEvent.versions: option up is not supported by this version and would have no effect. Remove it. Supported: down."
  ],
  [
    "a version without its step",
    () =>
      Effect.sync(() =>
        DomainEvent.define("shop.told", untyped({ ...Asked, payload: DomainEvent.versions(V1).next(V2) }))
      ),
    "Option from of version 2 of DomainEvent.versions is missing, expected next(schema).from((earlier) => later): how a payload of version 1 becomes one of version 2."
  ],
  [
    "versions of no schema",
    () => Effect.sync(() => DomainEvent.versions(untyped({ a: "text" }))),
    "Option schema of version 1 of DomainEvent.versions is object, expected a Schema of effect, or one of zod, valibot or arktype (Standard Schema)."
  ],
  [
    "a document with a title that is misspelt",
    () => Effect.sync(() => Contracts.asyncApi([], untyped({ titel: "Shop", version: "1" }))),
    "info of Contracts.asyncApi: option titel is not supported by this version and would have no effect. Did you mean title? Supported: title, version, description."
  ],
  [
    "a document without a title",
    () => Effect.sync(() => Contracts.asyncApi([], untyped({ version: "1" }))),
    "Option title of Contracts.asyncApi is undefined, expected text."
  ],
  [
    "PGlite without a directory",
    () => Effect.suspend(() => building(untyped(PgLite.layer)())),
    "Option dataDir of PgLite.layer is undefined, expected a path or a file: URL; without a directory: PgLite.layerMemory."
  ],
  [
    "PGlite with a directory that is misspelt",
    () => Effect.suspend(() => building(untyped(PgLite.layer)({ datadir: "./data" }))),
    "PgLite.layer: option datadir is not supported by this version and would have no effect. Did you mean dataDir? Supported: dataDir, maxConnections, extensions."
  ]
]

const messageOf = (cause: Cause.Cause<unknown>) => (Cause.squash(cause) as Error).message

it.live.each(mistakes)("%s", ([, mistake, expected]) =>
  Effect.gen(function* () {
    const cause = yield* mistake().pipe(
      Effect.provide(Integration.layerMemory({ settings: unpolled })),
      Effect.sandbox,
      Effect.flip
    )
    const message = messageOf(cause)
    // What is supported grows.
    assert.strictEqual(expected.endsWith("Supported: ") ? message.slice(0, expected.length) : message, expected)
  })
)

it.live("an event without a payload says nothing but that it happened", () =>
  Effect.gen(function* () {
    const event = { eventName: "shop.opened", sourceModule: "shop", aggregateType: "Shop", aggregateId: "1" }
    const { payload } = yield* Publisher.publishEvent(event)
    assert.deepStrictEqual(payload, {})
  }).pipe(Effect.provide(Integration.layerMemory({ settings: unpolled })))
)

it("handlers written in SQL are tested elsewhere than in memory, which is said where memory is recommended", () => {
  const page = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8")
  assert.include(
    page.replaceAll("\n", " "),
    "without a database, so without a `SqlClient`: handlers written in SQL are tested on `PgLite.layerMemory`"
  )
})
