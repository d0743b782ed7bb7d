/**
 * For applications of NestJS: the module, and all that its users inject, subscribe with and read.
 * `effect-integration/nestjs`.
 *
 * @since 0.1.0
 */
export * from "./nestjs/integrationModule.ts"
export * from "./services/createServices.ts"
export { DomainEventPublisher } from "./services/domainEventPublisher.ts"
export { EventSubscriberRegistry } from "./services/eventSubscriberRegistry.ts"
export * from "./services/handlers.ts"
export * from "./services/inboxService.ts"
export * from "./services/integrationDeveloperApiService.ts"
export { IntegrationLinkService } from "./services/integrationLinkService.ts"
export * from "./services/integrationSettingsService.ts"
export { OutboxNotifier } from "./services/outboxNotifier.ts"
export * from "./services/outboxProcessor.ts"
export * from "./services/outboxService.ts"
export * from "./services/reference.ts"
export { Consumer, Subscribe } from "./subscribing/Decorators.ts"
