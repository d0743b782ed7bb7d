/**
 * The reference's services over one integration.
 *
 * @since 0.1.0
 */
import { Processor } from "../delivery/Processor.ts"
import type { Services } from "../integration/Integration.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import { type PromisePublisherIn, promiseLinksIn, promisePublisherIn } from "../promise/inTheirTransaction.ts"
import { type AnyPromiseIntegration, createIntegration, type IntegrationOptions } from "../promise/PromiseApi.ts"
import type { TransactionClient } from "../stores/TransactionClient.ts"
import type { HandlerContext, PromiseLinks } from "../subscribing/HandlerContext.ts"
import { coalesced } from "./coalesced.ts"
import { DomainEventPublisher } from "./domainEventPublisher.ts"
import { EventSubscriberRegistry } from "./eventSubscriberRegistry.ts"
import { contextWith } from "./handlers.ts"
import { InboxService } from "./inboxService.ts"
import { IntegrationDeveloperApiService } from "./integrationDeveloperApiService.ts"
import { IntegrationLinkService } from "./integrationLinkService.ts"
import { IntegrationSettingsService } from "./integrationSettingsService.ts"
import { effectLogger } from "./logger.ts"
import { OutboxNotifier } from "./outboxNotifier.ts"
import { OutboxPollingCoordinator, OutboxProcessor, OutboxProcessorJob } from "./outboxProcessor.ts"
import { OutboxService } from "./outboxService.ts"
import type { ReferenceLogger } from "./reference.ts"
import { Runner } from "./runner.ts"
import { Serving } from "./serving.ts"

/** @since 0.1.0 */
export interface ServicesOptions {
  /** What handlers log with; default Effect's logger. */
  readonly logger?: ReferenceLogger
  /** Whether `OutboxProcessorJob.onModuleInit` starts the loop; default true. @internal */
  readonly jobStarts?: boolean
}

/** Between two polls that somebody asked for: a poll wakes, too, and who polls when woken would never end. */
const pollPauseMillis = 100

/** The services, and what starts and stops them. @since 0.1.0 */
export class IntegrationServices implements AsyncDisposable {
  readonly publisher: DomainEventPublisher
  readonly outbox: OutboxService
  readonly inbox: InboxService
  readonly links: IntegrationLinkService
  readonly registry: EventSubscriberRegistry
  readonly notifier: OutboxNotifier
  readonly processor: OutboxProcessor
  readonly coordinator: OutboxPollingCoordinator
  readonly job: OutboxProcessorJob
  readonly settings: IntegrationSettingsService
  readonly developerApi: IntegrationDeveloperApiService
  /** What is not of the reference: dead letters, pauses, consumers, waiting until an event is settled. */
  readonly integration: AnyPromiseIntegration
  readonly #runner: Runner
  readonly #serving: Serving

  /** @internal */
  constructor(integration: AnyPromiseIntegration, options: ServicesOptions) {
    const runner = new Runner(integration)
    const logger = options.logger ?? effectLogger(runner)
    const onFailure = (message: string, error: unknown) => logger.error(`${message}: ${String(error)}`)
    const serving = new Serving(integration, { onWakeUp: () => this.notifier.tell(), onFailure })
    const poll = coalesced(() => {
      if (!serving.isRunning) return
      runner.runOutside(Processor.use((processor) => processor.pollNow)).catch((error) => onFailure("No poll", error))
    }, pollPauseMillis)
    this.integration = integration
    this.#runner = runner
    this.#serving = serving
    this.publisher = new DomainEventPublisher(runner)
    this.outbox = new OutboxService(runner)
    this.inbox = new InboxService(runner)
    this.links = new IntegrationLinkService(runner)
    this.registry = new EventSubscriberRegistry({
      serving,
      contextOf: (context) => contextWith(context, { logger, inboxService: this.inbox, linkService: this.links }),
      known: (subscriber) => runner.known(subscriber)
    })
    this.notifier = new OutboxNotifier({ wake: poll, onFailure })
    this.processor = new OutboxProcessor(runner, serving)
    this.coordinator = new OutboxPollingCoordinator(serving, poll)
    this.job = new OutboxProcessorJob(this.coordinator, this.processor, options.jobStarts ?? true)
    this.settings = new IntegrationSettingsService(runner)
    this.developerApi = new IntegrationDeveloperApiService(this.publisher, this.registry, this.links)
  }

  /**
   * Registers the handlers there are, drains what was due, and runs their workers. Starting again registers what could not be registered
   * before, and rejects with the reason if it still cannot.
   */
  start(): Promise<void> {
    return this.#serving.start()
  }

  /** Stops the workers, lets running handlers finish within the grace period, and closes the integration. A start that waits for its database rejects. Final. */
  async stop(): Promise<void> {
    // Nothing is served yet: a start that waits for its database is interrupted, else it would be waited for.
    if (!this.#serving.isRunning) await this.integration.stop()
    await this.#serving.stop()
    await this.integration.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /**
   * Runs `body` in a transaction: what it writes through the context's `sql`, and what services write in it, commits when it
   * resolves, or not at all.
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the integration's client calls a transaction
  transaction<A>(body: (context: HandlerContext<any>) => PromiseLike<A>): Promise<A> {
    return this.#runner.transaction(body)
  }

  /**
   * Publishes in a transaction that the application opened with its own client: see `publisherIn`. In that of a handler, as part of it.
   *
   * @param client - whose transaction it is; default: that of this integration
   */
  publisherIn<Tx>(tx: Tx, client?: TransactionClient<Tx>): PromisePublisherIn {
    return promisePublisherIn((effect) => this.#runner.run(effect), tx, client)
  }

  /** Creates and finds links in such a transaction: see `linksIn`. */
  linksIn<Tx>(tx: Tx, client?: TransactionClient<Tx>): PromiseLinks {
    return promiseLinksIn((effect) => this.#runner.run(effect), tx, client)
  }
}

/** Whether an integration was given, rather than what to make one of. @internal */
export const isIntegration = (source: unknown): source is AnyPromiseIntegration =>
  typeof Object(source).subscribeMany === "function"

/**
 * Makes the reference's services: `createServices({ url })`.
 *
 * @param source - what `createIntegration` takes, or an integration that was made with it, of which `stop` then stops, too
 * @param options - see there
 *
 * Throws `InvalidOption` when it is not said where the database is.
 *
 * @since 0.1.0
 */
export const createServices = <E>(
  source: IntegrationOptions<E> | AnyPromiseIntegration,
  options: ServicesOptions = {}
): IntegrationServices => {
  if (isIntegration(source)) return new IntegrationServices(source, options)
  if (typeof source === "string") return new IntegrationServices(createIntegration(source), options)
  const { subscribers = [], ...database }: { readonly subscribers?: ReadonlyArray<Subscriber<Services>> } =
    Object(source)
  const services = new IntegrationServices(createIntegration(database as IntegrationOptions<E>), options)
  services.registry.registerSubscribers(subscribers)
  return services
}
