import { Global, Injectable, Module, type OnApplicationShutdown } from "@nestjs/common"
import { drizzle } from "drizzle-orm/node-postgres"
import { Pool } from "pg"
import * as schema from "./schema.js"

/** Ends in `onApplicationShutdown`: until then, handlers that still run are in its transactions. */
@Injectable()
export class DrizzleService implements OnApplicationShutdown {
  readonly pool = new Pool({ connectionString: process.env.DATABASE_URL })
  readonly db = drizzle(this.pool, { schema })

  async onApplicationShutdown() {
    await this.pool.end()
  }
}

/** What `db.transaction` gives. */
export type DrizzleTransaction = Parameters<Parameters<DrizzleService["db"]["transaction"]>[0]>[0]

@Global()
@Module({ providers: [DrizzleService], exports: [DrizzleService] })
export class DrizzleModule {}
