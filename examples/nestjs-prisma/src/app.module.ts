import { Module } from "@nestjs/common"
import { IntegrationModule } from "effect-integration/nestjs"
import { prismaClient } from "effect-integration/prisma"
import { FinanceModule } from "./finance.module.js"
import { OperationsModule } from "./operations.module.js"
import { PrismaModule, PrismaService } from "./prisma.module.js"

@Module({
  imports: [
    PrismaModule,
    IntegrationModule.forRootAsync({
      inject: [PrismaService],
      useFactory: (prisma: PrismaService) => ({
        url: process.env.DATABASE_URL ?? "",
        // In a schema of its own, where Prisma's migrations do not look.
        schema: "integration",
        client: prismaClient(prisma)
      })
    }),
    FinanceModule,
    OperationsModule
  ]
})
export class AppModule {}
