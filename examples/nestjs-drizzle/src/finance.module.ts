import { Injectable, Module } from "@nestjs/common"
import { IntegrationServices } from "effect-integration/nestjs"
import { DrizzleService } from "./drizzle.module.js"
import { InvoiceCreated } from "./events.js"
import { invoice } from "./schema.js"

@Injectable()
export class InvoiceService {
  constructor(
    private readonly drizzle: DrizzleService,
    private readonly integration: IntegrationServices
  ) {}

  /** The event exists if and only if the invoice does. */
  create(invoiceId: string, amount: number) {
    return this.drizzle.db.transaction(async (tx) => {
      await tx.insert(invoice).values({ id: invoiceId, amount })
      return this.integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    })
  }
}

@Module({ providers: [InvoiceService], exports: [InvoiceService] })
export class FinanceModule {}
