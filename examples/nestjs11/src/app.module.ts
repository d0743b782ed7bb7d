import { Module } from "@nestjs/common"
import { IntegrationModule } from "effect-integration/nestjs"
import { FinanceModule } from "./finance.module"
import { OperationsModule } from "./operations.module"

@Module({
  imports: [
    IntegrationModule.forRootAsync({
      useFactory: () => (process.env.DATABASE_URL ? { url: process.env.DATABASE_URL } : { pglite: true })
    }),
    FinanceModule,
    OperationsModule
  ]
})
export class AppModule {}
