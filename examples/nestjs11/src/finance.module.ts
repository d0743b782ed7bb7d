import { Injectable, Module } from "@nestjs/common"
import { DomainEventPublisher } from "effect-integration/nestjs"

@Injectable()
export class InvoiceService {
  constructor(private readonly publisher: DomainEventPublisher) {}

  create(invoiceId: string, amount: number) {
    return this.publisher.publishEvent("invoice.created", "finance", "Invoice", invoiceId, { amount }, { by: "a test" })
  }
}

@Module({ providers: [InvoiceService], exports: [InvoiceService] })
export class FinanceModule {}
