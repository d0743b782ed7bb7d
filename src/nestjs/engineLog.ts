/**
 * What the engine has to say, in Nest's log.
 *
 * @internal
 */
import type { LoggerService } from "@nestjs/common"
import { shortJson } from "../errors/shortJson.ts"
import type { PromiseLogger } from "../promise/logger.ts"

const textOf = (value: unknown): string => (typeof value === "string" ? value : (shortJson(value) ?? typeof value))

/** What a line is about, after it, and the stack of an error. */
const lineOf = (message: string, { error, ...details }: Readonly<Record<string, unknown>>): string => {
  const about = Object.entries(details).map(([name, value]) => `${name}=${textOf(value)}`)
  const line = about.length === 0 ? message : `${message} (${about.join(", ")})`
  return error === undefined ? line : `${line}\n${error instanceof Error ? error.stack : textOf(error)}`
}

/** Nest decides which levels are shown. */
export const engineLog = (logger: LoggerService): PromiseLogger => ({
  debug: (message, details) => logger.debug?.(lineOf(message, details)),
  info: (message, details) => logger.log(lineOf(message, details)),
  warn: (message, details) => logger.warn(lineOf(message, details)),
  error: (message, details) => logger.error(lineOf(message, details))
})
