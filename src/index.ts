/**
 * effect-integration: transactional outbox, inbox, links and supervised delivery for modular applications.
 *
 * @since 0.1.0
 */
export * as Consumer from "./Consumer.ts"
export * as DomainEvent from "./DomainEvent.ts"
export * as Errors from "./Errors.ts"
export { InboxStore } from "./InboxStore.ts"
export * as Integration from "./Integration.ts"
export { IntegrationLive } from "./Integration.ts"
export { LinkStore } from "./LinkStore.ts"
export { Notifier } from "./Notifier.ts"
export { OutboxStore } from "./OutboxStore.ts"
export { Processor } from "./Processor.ts"
export { Publisher } from "./Publisher.ts"
export { Registry } from "./Registry.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export { SettingStore } from "./SettingStore.ts"
export { Settings } from "./Settings.ts"
export { SqlCapabilities } from "./SqlCapabilities.ts"
export * as Subscriber from "./Subscriber.ts"
export { SubscriptionStore } from "./SubscriptionStore.ts"
export { Transactor } from "./Transactor.ts"
