/** The door of NestJS: compiled as an ES module for 12, as CommonJS for 11. */
import "reflect-metadata"
import { Injectable, Module } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import type { DomainEvent } from "effect-integration"
import type { HandlerContext } from "effect-integration/HandlerContext"
import {
  Consumer,
  DomainEventPublisher,
  IntegrationLinkService,
  IntegrationModule,
  IntegrationServices,
  LinkType,
  Subscribe
} from "effect-integration/nestjs"
import { behave, invoices, isFirst, refusal, settings, tables, url } from "./behaviour.mjs"

interface Invoice {
  readonly invoice: string
}

@Injectable()
class InvoiceService {
  constructor(
    private readonly services: IntegrationServices,
    private readonly publisher: DomainEventPublisher
  ) {}

  async onModuleInit() {
    await this.services.transaction(async ({ sql }) => {
      for (const table of tables) await sql.query(table)
    })
  }

  create(invoice: string) {
    return this.services.transaction(async ({ sql }) => {
      await sql`INSERT INTO invoice (id) VALUES (${invoice})`
      await this.publisher.publishEvent("invoice.created", "finance", "Invoice", invoice, { invoice })
      if (invoice === "ghost") throw refusal
    })
  }
}

@Injectable()
@Consumer("operations.tasks", { mode: "transactional" })
class TaskHandlers {
  constructor(private readonly links: IntegrationLinkService) {}

  @Subscribe("invoice.created")
  async create(event: DomainEvent.DomainEvent, { sql }: HandlerContext) {
    const { invoice } = event.payload as Invoice
    await sql`INSERT INTO task (invoice) VALUES (${invoice})`
    await this.links.createLink({
      sourceModule: "finance",
      sourceEntityType: "Invoice",
      sourceEntityId: invoice,
      targetModule: "operations",
      targetEntityType: "Task",
      targetEntityId: invoice,
      linkType: LinkType.CASCADE
    })
    behave({ attempt: event.attempt, invoice })
  }
}

@Module({ providers: [InvoiceService], exports: [InvoiceService] })
class FinanceModule {}

@Module({ providers: [TaskHandlers] })
class OperationsModule {}

@Module({ imports: [IntegrationModule.forRoot({ url, settings }), FinanceModule, OperationsModule] })
class AppModule {}

const main = async () => {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ["error", "warn"] })
  const finance = app.get(InvoiceService)
  if (isFirst) {
    await finance.create("ghost").catch(() => undefined)
    for (const invoice of invoices) await finance.create(invoice)
  }
  await app.get(IntegrationServices).integration.allSettled(["operations.tasks"])
  await app.close()
}

void main()
