import { Injectable, Module, type OnModuleInit } from "@nestjs/common"
import type { DomainEvent } from "effect-integration"
import { Consumer, EventSubscriberRegistry, LinkType, Subscribe } from "effect-integration/nestjs"

@Injectable()
export class TaskSubscriber implements OnModuleInit {
  constructor(private readonly registry: EventSubscriberRegistry) {}

  onModuleInit() {
    this.registry.subscribe("invoice.created", "operations.tasks", async (event, { linkService, logger }) => {
      logger.debug(`task for ${event.aggregateId}`)
      await linkService.createLink({
        sourceModule: event.sourceModule,
        sourceEntityType: event.aggregateType,
        sourceEntityId: event.aggregateId,
        targetModule: "operations",
        targetEntityType: "Task",
        targetEntityId: `task-${event.aggregateId}`,
        linkType: LinkType.CASCADE
      })
    })
  }
}

@Injectable()
@Consumer("operations.audit")
export class AuditHandlers {
  readonly seen: Array<string> = []

  @Subscribe("invoice.*")
  async note(event: DomainEvent.DomainEvent) {
    this.seen.push(`${event.name} by ${String(event.metadata.by)}`)
  }
}

@Module({ providers: [TaskSubscriber, AuditHandlers] })
export class OperationsModule {}
