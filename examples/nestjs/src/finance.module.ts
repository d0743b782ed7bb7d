import { Injectable, Module, type OnModuleInit } from "@nestjs/common"
import { IntegrationServices } from "effect-integration/nestjs"
import { InvoiceCreated } from "./events.js"

@Injectable()
export class InvoiceService implements OnModuleInit {
  constructor(private readonly integration: IntegrationServices) {}

  async onModuleInit() {
    await this.integration.transaction(
      ({ sql }) => sql`CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int)`
    )
  }

  /** The event exists if and only if the invoice does. */
  create(invoiceId: string, amount: number) {
    return this.integration.transaction(async ({ publish, sql }) => {
      await sql`INSERT INTO invoice (id, amount) VALUES (${invoiceId}, ${amount})`
      return publish(InvoiceCreated, { invoiceId, amount })
    })
  }
}

@Module({ providers: [InvoiceService], exports: [InvoiceService] })
export class FinanceModule {}
