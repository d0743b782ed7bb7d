/** IntegrationModule in applications of NestJS 12; examples/nestjs and examples/nestjs11 do so with decorators, in both versions. */
import "reflect-metadata"
import { Controller, type DynamicModule, Inject, Injectable, Logger, Module, Scope } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { Errors, Publisher } from "../../src/index.ts"
import {
  Consumer,
  DomainEventPublisher,
  EventSubscriberRegistry,
  InboxService,
  IntegrationDeveloperApiService,
  IntegrationLinkService,
  IntegrationModule,
  IntegrationServices,
  IntegrationSettingsService,
  OutboxNotifier,
  OutboxPollingCoordinator,
  OutboxProcessor,
  OutboxProcessorJob,
  OutboxService,
  Subscribe
} from "../../src/nestjs.ts"
import { createIntegration } from "../../src/promise.ts"

type Class = abstract new (...given: ReadonlyArray<never>) => object

/** As the compiler applies decorators of parameters and methods. */
const injecting = <Made extends Class>(made: Made, ...tokens: ReadonlyArray<Class>): Made => {
  for (const [index, token] of tokens.entries()) Inject(token)(made, undefined, index)
  return made
}

const subscribed = (made: Class, method: string, event: string) =>
  (Subscribe(event) as unknown as (prototype: object, name: string) => void)(made.prototype, method)

const moduleOf = (metadata: Parameters<typeof Module>[0]): Class => {
  class Made {}
  Module(metadata)(Made)
  return Made
}

const application = async (...imports: ReadonlyArray<DynamicModule | Class>) => {
  const root = moduleOf({ imports: [...imports] as never })
  return NestFactory.createApplicationContext(root as never, { logger: false, abortOnError: false })
}

const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error("it did not reject")
}

const event = (eventName: string) => ({
  eventName,
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: "1"
})

const memory = IntegrationModule.forRoot({ memory: true })

/** A provider with a handler, and what it has seen. */
const makeHandlers = (consumer = "nest.handlers") => {
  class Handlers {
    readonly seen: Array<string> = []
    async on(given: { readonly name: string }) {
      this.seen.push(given.name)
    }
  }
  Injectable()(Handlers)
  Consumer(consumer)(Handlers)
  subscribed(Handlers, "on", "nest.*")
  return Handlers
}

describe("IntegrationModule", () => {
  it("gives every service by its class, in any module, and handles what decorated providers and controllers subscribed to", async () => {
    const Handlers = makeHandlers()
    class Page extends makeHandlers("nest.page") {}
    Controller("page")(Page)
    const asked: Array<unknown> = []
    class Asking {
      readonly given: ReadonlyArray<unknown>
      constructor(...given: ReadonlyArray<unknown>) {
        this.given = given
      }
    }
    const tokens = [
      DomainEventPublisher,
      OutboxService,
      InboxService,
      IntegrationLinkService,
      EventSubscriberRegistry,
      OutboxNotifier,
      OutboxPollingCoordinator,
      OutboxProcessor,
      OutboxProcessorJob,
      IntegrationSettingsService,
      IntegrationDeveloperApiService,
      IntegrationServices
    ]
    injecting(Asking, ...tokens)
    const feature = moduleOf({
      providers: [Asking, Handlers, { provide: "plain", useValue: { on: 1 } }],
      controllers: [Page as never]
    })
    const app = await application(feature, memory)
    asked.push(...app.get(Asking).given)
    for (const [index, token] of tokens.entries()) assert.instanceOf(asked[index], token as never)
    const all = app.get(IntegrationServices)
    assert.isTrue(app.get(OutboxPollingCoordinator).isRunning())
    const { id } = await app.get(DomainEventPublisher).publishEvent(event("nest.created"))
    assert.lengthOf(await all.integration.settled(id), 2)
    assert.deepStrictEqual(app.get(Handlers).seen, ["nest.created"])
    assert.isTrue(app.get(EventSubscriberRegistry).hasHandlers("nest.created"))
    assert.strictEqual((await app.get(OutboxProcessorJob).getStats()).handlerCount, 2)
    await app.close()
    assert.instanceOf(
      await rejection(app.get(DomainEventPublisher).publishEvent(event("late"))),
      Errors.IntegrationStopped
    )
  })

  it("serves what was subscribed in onModuleInit, and what services do in any handler belongs to its delivery", async () => {
    const publishing: Array<string> = []
    class Operations {
      readonly registry: EventSubscriberRegistry
      readonly publisher: DomainEventPublisher
      constructor(registry: EventSubscriberRegistry, publisher: DomainEventPublisher) {
        this.registry = registry
        this.publisher = publisher
      }
      onModuleInit() {
        this.registry.subscribe("nest.first", "operations", async (handled) => {
          publishing.push(`${handled.eventName} ${handled.attempt}`)
          await this.publisher.publishEvent(event("nest.second"))
          if (handled.attempt === 1) throw new Error("not now")
        })
      }
      /** By a decorator, and in Effect. */
      followed() {
        return Effect.andThen(
          Publisher.publishEvent(event("nest.third")),
          Effect.sync(() => publishing.push("followed"))
        )
      }
    }
    injecting(Operations, EventSubscriberRegistry, DomainEventPublisher)
    Consumer("operations.followers")(Operations)
    subscribed(Operations, "followed", "nest.second")
    const app = await application(
      IntegrationModule.forRoot({ memory: true, settings: { retryBaseDelayMs: 100 } }),
      moduleOf({ providers: [Operations] })
    )
    const { integration, processor } = app.get(IntegrationServices)
    const { id } = await app.get(DomainEventPublisher).publishEvent(event("nest.first"))
    await integration.settled(id)
    await integration.allSettled(["operations.followers"])
    assert.deepStrictEqual(publishing, ["nest.first 1", "nest.first 2", "followed"])
    // What the attempt that failed published is not there.
    assert.strictEqual((await processor.getStats()).total, 3)
    await app.close()
  })

  it("takes its options from other providers, and an integration that somebody else made", async () => {
    class Config {
      readonly maxAttempts = 7
    }
    const config = moduleOf({ providers: [Config], exports: [Config] })
    const app = await application(
      IntegrationModule.forRootAsync({
        imports: [config as never],
        inject: [Config],
        useFactory: async ({ maxAttempts }: Config) => ({ memory: true, settings: { maxAttempts } }) as const
      })
    )
    assert.strictEqual((await app.get(IntegrationSettingsService).getRuntimeSettings()).maxAttempts, 7)
    await app.close()
    const integration = createIntegration({ memory: true })
    const other = await application(IntegrationModule.forRoot(integration))
    assert.strictEqual(other.get(IntegrationServices).integration, integration)
    await other.close()
    assert.instanceOf(await rejection(integration.stats()), Errors.IntegrationStopped)
  })

  it("lets running handlers finish when the application closes, and publishes as long as others may", async () => {
    const begun = Promise.withResolvers<void>()
    const free = Promise.withResolvers<void>()
    const order: Array<string> = []
    class Slow {
      readonly publisher: DomainEventPublisher
      constructor(publisher: DomainEventPublisher) {
        this.publisher = publisher
      }
      async on() {
        begun.resolve()
        await free.promise
        // Long enough for others to come first, if they did not wait.
        for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
        order.push("handled")
      }
      async beforeApplicationShutdown() {
        order.push((await this.publisher.publishEvent(event("goodbye"))).eventName)
      }
    }
    injecting(Slow, DomainEventPublisher)
    Consumer("nest.slow")(Slow)
    subscribed(Slow, "on", "slow")
    const app = await application(memory, moduleOf({ providers: [Slow] }))
    await app.get(DomainEventPublisher).publishEvent(event("slow"))
    await begun.promise
    const closed = app.close().then(() => order.push("closed"))
    free.resolve()
    await closed
    assert.deepStrictEqual(order, ["handled", "goodbye", "closed"])
  })

  it("logs with Nest's Logger, handlers and the engine, under a name of its own", async () => {
    const said: Array<string> = []
    // Nest gives the context last; before it, of errors, a stack.
    const note =
      (level: string) =>
      (message: unknown, ...more: ReadonlyArray<unknown>) => {
        said.push(`${level} [${more.at(-1)}] ${message}`)
      }
    class Talking {
      readonly registry: EventSubscriberRegistry
      constructor(registry: EventSubscriberRegistry) {
        this.registry = registry
      }
      onModuleInit() {
        this.registry.subscribe("talk", "talking", (_, { logger }) => {
          logger.log("hello")
          logger.verbose("there")
          throw new RangeError("no more")
        })
      }
    }
    injecting(Talking, EventSubscriberRegistry)
    const app = await application(
      IntegrationModule.forRoot({ memory: true, settings: { maxAttempts: 1 } }),
      moduleOf({ providers: [Talking] })
    )
    const { integration, publisher } = app.get(IntegrationServices)
    Logger.overrideLogger({
      log: note("log"),
      error: note("error"),
      warn: note("warn"),
      debug: note("debug"),
      verbose: note("verbose")
    })
    await publisher.publishEvent(event("alone"))
    await integration.settled((await publisher.publishEvent(event("talk"))).id)
    Logger.overrideLogger(false)
    assert.include(said, 'log [Integration] Event "alone" has no consumer: it is stored as processed')
    assert.include(said, "log [Integration] hello")
    assert.include(said, "verbose [Integration] there")
    const failure = said.find((line) => line.startsWith("error"))
    assert.match(
      failure ?? "",
      /^error \[Integration\] Gave up after attempt 1 at module\.test\.ts:\d+ RangeError: no more \(.*consumer=talking, event=talk, /
    )
    await app.close()
  })
})

describe("an application that cannot start says why", () => {
  const failing = async (...imports: ReadonlyArray<DynamicModule | Class>) =>
    (await rejection(application(...imports))).message

  it("without a database, and with options that are none", async () => {
    assert.match(
      await failing(IntegrationModule.forRoot({ url: "postgres://app:secret@127.0.0.1:1/shop", waitForDatabase: 0 })),
      /^connect: PostgreSQL cannot be reached at 127\.0\.0\.1:1/
    )
    assert.include(await failing(IntegrationModule.forRoot({} as never)), "Option database of createIntegration")
    assert.include(
      await failing(IntegrationModule.forRootAsync({ useFactory: () => ({ url: undefined }) as never })),
      "the variable it is from may not be set"
    )
  })

  it("with a second IntegrationModule", async () => {
    assert.include(
      await failing(memory, moduleOf({ imports: [IntegrationModule.forRoot({ memory: true })] })),
      "Option imports of IntegrationModule is 2, expected one forRoot or forRootAsync in an application"
    )
  })

  it("and leaves nothing open", async () => {
    const integration = createIntegration({ memory: true })
    const Handlers = makeHandlers("nest.twice")
    class Again extends makeHandlers("nest.twice") {}
    await failing(IntegrationModule.forRoot(integration), moduleOf({ providers: [Handlers, Again] }))
    assert.instanceOf(await rejection(integration.stats()), Errors.IntegrationStopped)
  })

  it("with two handlers of one consumer, half of the decorators, or handlers that are made for each request", async () => {
    const Handlers = makeHandlers("nest.twice")
    class Again extends makeHandlers("nest.twice") {}
    assert.match(
      await failing(memory, moduleOf({ providers: [Handlers, Again] })),
      /^Consumer "nest\.twice" already handles "nest\.\*"/
    )
    class Half {
      on() {}
    }
    subscribed(Half, "on", "nest.half")
    assert.include(await failing(memory, moduleOf({ providers: [Half] })), 'Class Half has no @Consumer("name")')
    for (const [scope, word] of [
      [Scope.REQUEST, "REQUEST"],
      [Scope.TRANSIENT, "TRANSIENT"]
    ] as const) {
      class Scoped extends makeHandlers() {}
      Injectable({ scope })(Scoped)
      const message = await failing(memory, moduleOf({ providers: [Scoped] }))
      assert.include(message, `Option scope of Scoped, which has @Consumer or @Subscribe, is ${word}`)
    }
  })
})
