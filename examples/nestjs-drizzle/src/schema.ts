import { integer, pgTable, text } from "drizzle-orm/pg-core"

export const invoice = pgTable("invoice", { id: text().primaryKey(), amount: integer().notNull() })

export const task = pgTable("task", { id: text().primaryKey(), title: text().notNull() })
