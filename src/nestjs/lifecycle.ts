/**
 * The integration starts and stops with the application.
 *
 * @internal
 */
import type { DiscoveryService } from "@nestjs/core"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
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

  /** Each would serve all handlers, and which of them a provider is given nobody could tell. */
  #refuseSecond(): void {
    const all = this.#discovery.getProviders().filter(({ instance }) => instance instanceof IntegrationLifecycle)
    if (all.length === 1) return
    throw new InvalidOption({
      option: "imports of IntegrationModule",
      value: String(all.length),
      expected: "one forRoot or forRootAsync in an application, as in its root module: the module is global"
    })
  }

  /** A start that fails leaves nothing open that would keep the process. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      this.#refuseSecond()
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
