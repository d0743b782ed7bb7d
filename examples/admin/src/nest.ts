/** In an application of NestJS. */
import "reflect-metadata"
import { Controller, Get, Module } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { AdminServer } from "effect-integration/AdminServer"
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
  const { dispose, handler } = AdminServer.toNodeHandler({ admin: AdminLive, basePath: "/ops", auth })
  const app = await NestFactory.create(AppModule, { logger: false, forceCloseConnections: true })
  app.use("/ops", handler)
  await app.listen(0, "127.0.0.1")
  return { url: `${await app.getUrl()}/ops`, stop: () => dispose().then(() => app.close()) }
}
