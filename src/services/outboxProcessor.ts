/**
 * Delivering by the reference's names: by hand, the loop, and what holds it to the application.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Processor } from "../delivery/Processor.ts"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { UnsupportedCall } from "../errors/OperationErrors.ts"
import { maxBatchSize } from "../model/Consumer.ts"
import type { OutboxEventStatus } from "./reference.ts"
import type { Runner } from "./runner.ts"
import type { Serving } from "./serving.ts"

/** Events by status, and handlers. @since 0.1.0 */
export interface ProcessorStats extends Readonly<Record<OutboxEventStatus, number>> {
  /** Events in all. */
  readonly total: number
  /** Handlers of this process. */
  readonly handlerCount: number
}

/**
 * `Processor`, as the reference has it.
 *
 * Handlers are there from `IntegrationServices.start` on, which also runs the loop: what is processed by hand is processed beside it. To
 * process only by hand, start with the setting `processorEnabled` off.
 *
 * @since 0.1.0
 */
export class OutboxProcessor {
  readonly #runner: Runner
  readonly #serving: Serving

  /** @internal */
  constructor(runner: Runner, serving: Serving) {
    this.#runner = runner
    this.#serving = serving
  }

  /**
   * Handles one batch of what is due for each consumer of this process. Resolves to how many deliveries were settled, or put off.
   *
   * @param options.batchSizeOverride - deliveries a batch takes, from 1 to 500; default as the consumer or the settings say
   *
   * Rejects with `UnsupportedCall` before the start.
   */
  processBatch(options: { readonly batchSizeOverride?: number } = {}): Promise<number> {
    const size = options.batchSizeOverride
    if (size === undefined) return this.#whenServed("processBatch", (processor) => processor.processBatch)
    if (Number.isInteger(size) && size >= 1 && size <= maxBatchSize) {
      return this.#whenServed("processBatch", (processor) => processor.processBatchOf(size))
    }
    return Promise.reject(
      new InvalidOption({
        option: "batchSizeOverride of OutboxProcessor.processBatch",
        value: String(size),
        expected: `an integer from 1 to ${maxBatchSize}`
      })
    )
  }

  /** Handles what is due by now for the consumers of this process. Resolves to how many deliveries were settled, or put off. */
  startupDrain(): Promise<number> {
    return this.#whenServed("startupDrain", (processor) => processor.startupDrain)
  }

  getStats(): Promise<ProcessorStats> {
    return this.#runner.run(
      Effect.map(
        Processor.use((processor) => processor.stats),
        ({ events, handlerCount, total }) => ({ ...events, total, handlerCount })
      )
    )
  }

  #whenServed<E>(
    method: string,
    operation: (processor: Processor["Service"]) => Effect.Effect<number, E>
  ): Promise<number> {
    if (this.#serving.isRunning) return this.#runner.run(Processor.use(operation))
    return Promise.reject(
      new UnsupportedCall({
        call: `OutboxProcessor.${method}`,
        reason:
          "No handlers are there before the start: await IntegrationServices.start(), with settings: { processorEnabled: false } to process by hand alone."
      })
    )
  }
}

/**
 * The loop: workers for each consumer, started and stopped.
 *
 * @since 0.1.0
 */
export class OutboxPollingCoordinator {
  readonly #serving: Serving
  readonly #poll: () => void

  /** @internal */
  constructor(serving: Serving, poll: () => void) {
    this.#serving = serving
    this.#poll = poll
  }

  /** Serves the handlers: see `IntegrationServices.start`. Starting twice is starting. */
  startProcessingLoop(): Promise<void> {
    return this.#serving.start()
  }

  /** Serves them no more, in this process: running ones may finish within the grace period. It can be started again. */
  stopProcessingLoop(): Promise<void> {
    return this.#serving.stop()
  }

  /** Lets the engine look for work at once, or 100 ms after it was last asked to; nothing before the start. */
  triggerImmediateProcessing(): void {
    this.#poll()
  }

  isRunning(): boolean {
    return this.#serving.isRunning
  }
}

/**
 * What starts and stops the loop with an application that calls these: `IntegrationModule` starts it itself, when all handlers are there.
 *
 * @since 0.1.0
 */
export class OutboxProcessorJob {
  readonly #coordinator: OutboxPollingCoordinator
  readonly #processor: OutboxProcessor
  readonly #startsItself: boolean

  /**
   * @param startsItself - false when somebody else starts the loop
   *
   * @internal
   */
  constructor(coordinator: OutboxPollingCoordinator, processor: OutboxProcessor, startsItself: boolean) {
    this.#coordinator = coordinator
    this.#processor = processor
    this.#startsItself = startsItself
  }

  onModuleInit(): Promise<void> {
    return this.#startsItself ? this.#coordinator.startProcessingLoop() : Promise.resolve()
  }

  onModuleDestroy(): Promise<void> {
    return this.#coordinator.stopProcessingLoop()
  }

  async getStats(): Promise<ProcessorStats & { readonly pollingLoopRunning: boolean }> {
    return { ...(await this.#processor.getStats()), pollingLoopRunning: this.#coordinator.isRunning() }
  }
}
