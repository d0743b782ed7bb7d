import { Injectable, Module, type OnModuleInit } from "@nestjs/common"
import type { DomainEvent, HandlerContext } from "effect-integration"
import {
  Consumer,
  EventSubscriberRegistry,
  IntegrationLinkService,
  IntegrationServices,
  LinkType,
  Subscribe
} from "effect-integration/nestjs"
import { InvoiceCreated } from "./events.js"

/** Task, link and the mark of the delivery commit together: `transactional`, as all is written through `sql` and services. */
@Injectable()
@Consumer("operations.tasks", { mode: "transactional" })
export class TaskHandlers implements OnModuleInit {
  constructor(
    private readonly integration: IntegrationServices,
    private readonly links: IntegrationLinkService
  ) {}

  async onModuleInit() {
    await this.integration.transaction(
      ({ sql }) => sql`CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text)`
    )
  }

  @Subscribe(InvoiceCreated)
  async createTask({ payload }: DomainEvent.Of<typeof InvoiceCreated>, { sql }: HandlerContext) {
    const taskId = `task-${payload.invoiceId}`
    await sql`INSERT INTO task (id, title) VALUES (${taskId}, ${`Process invoice ${payload.invoiceId}`})`
    await this.links.createLink({
      sourceModule: "finance",
      sourceEntityType: "Invoice",
      sourceEntityId: payload.invoiceId,
      targetModule: "operations",
      targetEntityType: "Task",
      targetEntityId: taskId,
      linkType: LinkType.CASCADE
    })
  }
}

/** As in the reference system: subscribed in `onModuleInit`. At least once, for what is outside of the database. */
@Injectable()
export class MailHandlers implements OnModuleInit {
  readonly sent: Array<string> = []

  constructor(private readonly registry: EventSubscriberRegistry) {}

  onModuleInit() {
    this.registry.subscribe("invoice.*", "operations.mail", async (event, { logger }) => {
      if (event.payload.amount < 0 && event.attempt === 1) throw new Error("the mail server does not answer")
      this.sent.push(`${event.eventName} ${event.aggregateId}, attempt ${event.attempt}`)
      logger.debug(`mail about ${event.aggregateId}`)
    })
  }
}

@Module({ providers: [TaskHandlers, MailHandlers] })
export class OperationsModule {}
