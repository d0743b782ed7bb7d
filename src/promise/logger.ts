/**
 * What is logged, for loggers that are not written in Effect.
 *
 * @since 0.1.0
 */
import { Cause, Layer, Logger, type LogLevel, References } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"

/**
 * Where lines of the log go, as `console` or winston take them. `details` are what a line is about (consumer, event, delivery …), and
 * `error`, if it is about one.
 *
 * @since 0.1.0
 */
export type PromiseLogger = {
  readonly [Level in "debug" | "info" | "warn" | "error"]: (
    message: string,
    details: Readonly<Record<string, unknown>>
  ) => unknown
}

const levels = ["debug", "info", "warn", "error"] as const

const methodOf = (level: LogLevel.LogLevel): keyof PromiseLogger =>
  level === "Fatal" || level === "Error" ? "error" : level === "Warn" ? "warn" : level === "Info" ? "info" : "debug"

/** The parts of a line, and its cause, as one text with what belongs to it. */
const lineOf = (parts: ReadonlyArray<unknown>, cause: Cause.Cause<unknown>) => {
  const texts: Array<string> = []
  const details: Record<string, unknown> = {}
  for (const part of [...parts, ...(cause.reasons.length === 0 ? [] : [cause])]) {
    // As it was thrown.
    if (Cause.isCause(part)) details.error = Cause.squash(part)
    else if (part instanceof Error) details.error = part
    else if (typeof part === "object") Object.assign(details, part)
    else texts.push(String(part))
  }
  return { text: texts.join(" "), details }
}

const send = (logger: PromiseLogger) =>
  Logger.make<unknown, void>(({ cause, fiber, logLevel, message }) => {
    const { details, text } = lineOf(Array.isArray(message) ? message : [message], cause)
    try {
      const sent = logger[methodOf(logLevel)](text, { ...fiber.getRef(References.CurrentLogAnnotations), ...details })
      // A logger that fails is no failure of what it is told of.
      Promise.resolve(sent).catch(() => undefined)
    } catch {}
  })

/** Lines of the log go there, of all levels, as their receiver chooses; `false`: nowhere. */
export const loggerLayer = (logger: PromiseLogger | false): Layer.Layer<never> =>
  logger === false
    ? Logger.layer([])
    : Layer.merge(Logger.layer([send(logger)]), Layer.succeed(References.MinimumLogLevel, "Debug"))

/** Throws `InvalidOption` for what is no logger: types do not reach everybody who gives one. */
export const checkLogger = (logger: unknown): void => {
  if (logger === false || levels.every((level) => typeof Object(logger)[level] === "function")) return
  throw new InvalidOption({
    option: "logger of createIntegration",
    value: typeof logger,
    expected: "an object with debug, info, warn and error, as console; or false"
  })
}
