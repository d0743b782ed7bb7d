import { Injectable, Module } from "@nestjs/common"
import { DomainEventPublisher, IntegrationServices } from "effect-integration/nestjs"
import { InvoiceCreated } from "./events.js"
import { PrismaService } from "./prisma.module.js"

@Injectable()
export class InvoiceService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly integration: IntegrationServices,
    private readonly publisher: DomainEventPublisher
  ) {}

  /** The event exists if and only if the invoice does. */
  create(invoiceId: string, amount: number) {
    return this.prisma.$transaction(async (tx) => {
      await tx.invoice.create({ data: { id: invoiceId, amount } })
      return this.integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    })
  }

  /** The same by the names of the reference system, for an event that has no definition. */
  cancel(invoiceId: string) {
    return this.prisma.$transaction(async (tx) => {
      await tx.invoice.delete({ where: { id: invoiceId } })
      return this.publisher.publishEvent("invoice.cancelled", "finance", "Invoice", invoiceId, {}, undefined, {
        persistenceClient: tx
      })
    })
  }
}

@Module({ providers: [InvoiceService], exports: [InvoiceService] })
export class FinanceModule {}
