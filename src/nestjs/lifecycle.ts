/**
 * The integration starts and stops with the application.
 *
 * @internal
 */
import type { DiscoveryService } from "@nestjs/core"
import type { IntegrationServices } from "../services/createServices.ts"
import { subscribersIn } from "./decorated.ts"

/**
 * Started when all modules are there (what they subscribed in `onModuleInit` is), closed when nothing is left that could publish. In
 * between, `OutboxProcessorJob` stops the workers in `onModuleDestroy`.
 */
export class IntegrationLifecycle {
  readonly #discovery: DiscoveryService
  readonly #services: IntegrationServices

  constructor(discovery: DiscoveryService, services: IntegrationServices) {
    this.#discovery = discovery
    this.#services = services
  }

  /** A start that fails leaves nothing open that would keep the process. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      this.#services.registry.registerSubscribers(subscribersIn(this.#discovery))
      await this.#services.start()
    } catch (error) {
      await this.#services.stop()
      throw error
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.#services.stop()
  }
}
