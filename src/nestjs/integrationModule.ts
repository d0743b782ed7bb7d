/**
 * The integration as a module of NestJS.
 *
 * @since 0.1.0
 */
import { type DynamicModule, Logger, Module, type ModuleMetadata, type Provider } from "@nestjs/common"
import { DiscoveryModule, DiscoveryService } from "@nestjs/core"
import type { AnyPromiseIntegration, IntegrationOptions } from "../promise/PromiseApi.ts"
import { createServices, IntegrationServices, isIntegration } from "../services/createServices.ts"
import { DomainEventPublisher } from "../services/domainEventPublisher.ts"
import { EventSubscriberRegistry } from "../services/eventSubscriberRegistry.ts"
import { InboxService } from "../services/inboxService.ts"
import { IntegrationDeveloperApiService } from "../services/integrationDeveloperApiService.ts"
import { IntegrationLinkService } from "../services/integrationLinkService.ts"
import { IntegrationSettingsService } from "../services/integrationSettingsService.ts"
import { OutboxNotifier } from "../services/outboxNotifier.ts"
import { OutboxPollingCoordinator, OutboxProcessor, OutboxProcessorJob } from "../services/outboxProcessor.ts"
import { OutboxService } from "../services/outboxService.ts"
import { engineLog } from "./engineLog.ts"
import { IntegrationLifecycle } from "./lifecycle.ts"

/** What `forRoot` takes: what `createIntegration` does, or an integration that was made with it. @since 0.1.0 */
export type IntegrationModuleOptions = IntegrationOptions | AnyPromiseIntegration

/** What `forRootAsync` takes. @since 0.1.0 */
export interface IntegrationModuleAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  /** What `useFactory` is called with. */
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's factory providers
  readonly inject?: Array<any>
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's factory providers
  readonly useFactory: (...given: Array<any>) => IntegrationModuleOptions | Promise<IntegrationModuleOptions>
}

/** Services by their classes, and where they are. */
const services: ReadonlyArray<
  readonly [provide: abstract new (...given: never) => object, pick: (from: IntegrationServices) => object]
> = [
  [DomainEventPublisher, ({ publisher }) => publisher],
  [OutboxService, ({ outbox }) => outbox],
  [InboxService, ({ inbox }) => inbox],
  [IntegrationLinkService, ({ links }) => links],
  [EventSubscriberRegistry, ({ registry }) => registry],
  [OutboxNotifier, ({ notifier }) => notifier],
  [OutboxPollingCoordinator, ({ coordinator }) => coordinator],
  [OutboxProcessor, ({ processor }) => processor],
  [OutboxProcessorJob, ({ job }) => job],
  [IntegrationSettingsService, ({ settings }) => settings],
  [IntegrationDeveloperApiService, ({ developerApi }) => developerApi]
]

/** The log of an application is Nest's, unless somebody says otherwise. */
const withLog = (options: IntegrationModuleOptions, logger: Logger): IntegrationModuleOptions =>
  typeof options === "string"
    ? { url: options, logger: engineLog(logger) }
    : isIntegration(options)
      ? options
      : { logger: engineLog(logger), ...options }

const make = (options: IntegrationModuleOptions) => {
  const logger = new Logger("Integration")
  return createServices(withLog(options, logger), { logger, jobStarts: false })
}

const providers: Array<Provider> = [
  ...services.map(([provide, pick]) => ({ provide, useFactory: pick, inject: [IntegrationServices] })),
  {
    provide: IntegrationLifecycle,
    useFactory: (discovery: DiscoveryService, all: IntegrationServices) => new IntegrationLifecycle(discovery, all),
    inject: [DiscoveryService, IntegrationServices]
  }
]

const dynamicModule = (integration: Provider, imports: ModuleMetadata["imports"] = []): DynamicModule => ({
  module: IntegrationModule,
  global: true,
  imports: [DiscoveryModule, ...imports],
  providers: [integration, ...providers],
  exports: [IntegrationServices, ...services.map(([provide]) => provide)]
})

/**
 * The integration as a global module: all services can be injected by their classes, in every module.
 *
 * Methods with `@Subscribe` of providers and controllers whose class has `@Consumer` are handlers, and what was subscribed to
 * `EventSubscriberRegistry` in `onModuleInit`. They are served from `onApplicationBootstrap` on: a start that fails rejects `app.init()` and
 * `app.listen()`. When the application closes, workers stop in `onModuleDestroy`, after that of the modules that use them, and what runs may
 * finish within the grace period; the database is left in `onApplicationShutdown`. The log is Nest's, under the name `Integration`.
 *
 * @since 0.1.0
 */
export class IntegrationModule {
  /**
   * @param options - as of `createIntegration`: `{ url }`, `{ pglite }`, `{ memory: true }` …; what is wrong with them is thrown
   *
   * @since 0.1.0
   */
  static forRoot(options: IntegrationModuleOptions): DynamicModule {
    return dynamicModule({ provide: IntegrationServices, useFactory: () => make(options) })
  }

  /**
   * Options from other providers: `forRootAsync({ inject: [ConfigService], useFactory: (config) => ({ url: config.get("DATABASE_URL") }) })`.
   *
   * @param options.imports - modules with what is injected; default none
   * @param options.inject - tokens of what `useFactory` is called with; default none
   *
   * @since 0.1.0
   */
  static forRootAsync({ imports = [], inject = [], useFactory }: IntegrationModuleAsyncOptions): DynamicModule {
    return dynamicModule(
      {
        provide: IntegrationServices,
        useFactory: async (...given: Array<unknown>) => make(await useFactory(...given)),
        inject
      },
      imports
    )
  }
}

// As the decorator does: this package is compiled without any.
Module({})(IntegrationModule)
