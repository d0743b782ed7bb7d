/** The dashboard in an application of NestJS, two levels deep: the page, and the administration that it asks. */
import "reflect-metadata"
import { Controller, Get, Module } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { Dashboard } from "effect-integration/Dashboard"
import { AdminLive, auth, type Running } from "./administration.js"

@Controller()
class AppController {
  @Get()
  hello() {
    return "the application"
  }
}

@Module({ controllers: [AppController] })
class AppModule {}

export const start = async (): Promise<Running> => {
  const basePath = "/internal/ops"
  const { dispose, handler } = Dashboard.toNodeHandler({ admin: AdminLive, basePath, auth, environment: "staging" })
  const app = await NestFactory.create(AppModule, { logger: false, forceCloseConnections: true })
  app.use(basePath, handler)
  await app.listen(0, "127.0.0.1")
  return { url: `${await app.getUrl()}${basePath}`, stop: () => dispose().then(() => app.close()) }
}
