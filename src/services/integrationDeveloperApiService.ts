/**
 * One facade, as the reference has it.
 *
 * @since 0.1.0
 */
import type { DomainEventPublisher } from "./domainEventPublisher.ts"
import type { EventSubscriberRegistry } from "./eventSubscriberRegistry.ts"
import type { Subscription } from "./handlers.ts"
import type { IntegrationLinkService } from "./integrationLinkService.ts"
import type {
  CreateLink,
  DomainEvent,
  IntegrationLink,
  LinkType,
  OutboxEvent,
  PublishInput,
  PublishOptions
} from "./reference.ts"

/** An end of links. @since 0.1.0 */
export interface LinkQuery {
  readonly module: string
  readonly entityType: string
  readonly entityId: string
}

/** The services a module uses, in one: see those. @since 0.1.0 */
export class IntegrationDeveloperApiService {
  readonly #publisher: DomainEventPublisher
  readonly #registry: EventSubscriberRegistry
  readonly #links: IntegrationLinkService

  /** @internal */
  constructor(publisher: DomainEventPublisher, registry: EventSubscriberRegistry, links: IntegrationLinkService) {
    this.#publisher = publisher
    this.#registry = registry
    this.#links = links
  }

  publishEvent(input: PublishInput, options?: PublishOptions): Promise<OutboxEvent> {
    return this.#publisher.publishEvent(input, options)
  }

  publishEvents(
    events: ReadonlyArray<DomainEvent | PublishInput>,
    options?: PublishOptions
  ): Promise<ReadonlyArray<OutboxEvent>> {
    return this.#publisher.publishEvents(events, options)
  }

  subscribe(definition: Subscription): void {
    this.#registry.registerHandler(definition)
  }

  subscribeMany(definitions: ReadonlyArray<Subscription>): void {
    this.#registry.subscribeMany(definitions)
  }

  createLink(link: CreateLink, persistenceClient?: unknown): Promise<IntegrationLink> {
    return this.#links.createLink(link, persistenceClient)
  }

  findLinksBySource({ entityId, entityType, module }: LinkQuery): Promise<ReadonlyArray<IntegrationLink>> {
    return this.#links.findOutbound(module, entityType, entityId)
  }

  findLinksByTarget({ entityId, entityType, module }: LinkQuery): Promise<ReadonlyArray<IntegrationLink>> {
    return this.#links.findInbound(module, entityType, entityId)
  }

  findLinksByType(linkType: LinkType): Promise<ReadonlyArray<IntegrationLink>> {
    return this.#links.findByLinkType(linkType)
  }
}
