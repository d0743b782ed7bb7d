import { Module } from "@nestjs/common"
import { IntegrationModule } from "effect-integration/nestjs"
import { FinanceModule } from "./finance.module.js"
import { OperationsModule } from "./operations.module.js"

@Module({
  imports: [
    IntegrationModule.forRootAsync({
      // Without a server: PGlite, in memory. On a disk: { pglite: { dataDir: "./data" } }
      useFactory: () => (process.env.DATABASE_URL ? { url: process.env.DATABASE_URL } : { pglite: true })
    }),
    FinanceModule,
    OperationsModule
  ]
})
export class AppModule {}
