import "reflect-metadata"
import { NestFactory } from "@nestjs/core"
import { AppModule } from "./app.module.js"
import { InvoiceService } from "./finance.module.js"

const app = await NestFactory.createApplicationContext(AppModule)
app.enableShutdownHooks()
const { id } = await app.get(InvoiceService).create(`inv-${Date.now()}`, 100)
console.log(`Published ${id}. Handlers run until this process is told to end.`)
