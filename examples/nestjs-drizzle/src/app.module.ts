import { Module } from "@nestjs/common"
import { drizzleClient } from "effect-integration/drizzle"
import { IntegrationModule } from "effect-integration/nestjs"
import { DrizzleModule, DrizzleService } from "./drizzle.module.js"
import { FinanceModule } from "./finance.module.js"
import { OperationsModule } from "./operations.module.js"

@Module({
  imports: [
    DrizzleModule,
    IntegrationModule.forRootAsync({
      inject: [DrizzleService],
      useFactory: ({ db }: DrizzleService) => ({
        url: process.env.DATABASE_URL ?? "",
        // In a schema of its own, where `drizzle-kit push` does not look.
        schema: "integration",
        client: drizzleClient(db)
      })
    }),
    FinanceModule,
    OperationsModule
  ]
})
export class AppModule {}
