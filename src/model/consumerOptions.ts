/**
 * What options of a consumer may be: checked when a subscriber of it is registered.
 *
 * @internal
 */
import { Duration, Effect, Schedule } from "effect"
import { type InvalidIdentifier, InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { type Consumer, isLeased, maxBatchSize, type Options, orderingOf, startOf } from "./Consumer.ts"
import { checkIdentifier, longestDelayMillis } from "./storable.ts"

const supported: ReadonlyArray<keyof Options> = [
  "concurrency",
  "maxAttempts",
  "retryBaseDelay",
  "retryMaxDelay",
  "retryJitter",
  "retrySchedule",
  "retryable",
  "maxFailureRate",
  "failureMinAttempts",
  "failureWindow",
  "timeout",
  "batchSize",
  "ordering",
  "onDeadLetter",
  "delayed",
  "mode",
  "isolation",
  "startFrom"
]

const refuse = (consumer: Consumer, option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of consumer "${consumer.name}"`, value: String(value), expected })

const integerProblem = (
  consumer: Consumer,
  option: "concurrency" | "maxAttempts" | "batchSize" | "failureMinAttempts",
  max: number
) => {
  const value = consumer.options[option]
  return value === undefined || (Number.isInteger(value) && value >= 1 && value <= max)
    ? undefined
    : refuse(consumer, option, value, `an integer from 1 to ${max}`)
}

/**
 * Longest timeout of a handler: a quarter more is the longest time for which PostgreSQL can let a transaction be idle, 2^31 - 1
 * milliseconds.
 */
const longestTimeoutMillis = Math.floor((2 ** 31 - 1) / 1.25)

/** Longest time for which failures count. */
const longestWindowMillis = 86_400_000

const durationProblem = (
  consumer: Consumer,
  option: "timeout" | "retryBaseDelay" | "retryMaxDelay" | "failureWindow",
  longestMillis: number,
  longest: string
) => {
  const value = consumer.options[option]
  if (value === undefined) return undefined
  const millis = durationMillis(value)
  return millis !== undefined && millis > 0 && millis <= longestMillis
    ? undefined
    : refuse(consumer, option, value, `a duration above zero, up to ${longest}`)
}

const timeoutProblem = (consumer: Consumer) =>
  durationProblem(consumer, "timeout", longestTimeoutMillis, `${longestTimeoutMillis} milliseconds (19 days)`)

const delayProblem = (consumer: Consumer, option: "retryBaseDelay" | "retryMaxDelay") =>
  durationProblem(consumer, option, longestDelayMillis, "800 years")

const choiceProblem = (
  consumer: Consumer,
  option: "ordering" | "onDeadLetter" | "delayed" | "mode" | "isolation",
  choices: ReadonlyArray<string>
) => {
  const value = consumer.options[option]
  return value === undefined || choices.includes(value)
    ? undefined
    : refuse(consumer, option, value, choices.map((choice) => `"${choice}"`).join(" or "))
}

const retryProblem = (consumer: Consumer) => {
  const { retryable, retryJitter, retrySchedule } = consumer.options
  if (retryJitter !== undefined && !(retryJitter >= 0 && retryJitter <= 1)) {
    return refuse(consumer, "retryJitter", retryJitter, "a number from 0 to 1")
  }
  if (retrySchedule !== undefined && !Schedule.isSchedule(retrySchedule)) {
    return refuse(consumer, "retrySchedule", retrySchedule, "a Schedule")
  }
  const isRule = (rule: unknown) => typeof rule === "boolean" || typeof rule === "function"
  const wrong = Object.entries(retryable ?? {}).find(([, rule]) => !isRule(rule))
  return wrong === undefined
    ? undefined
    : refuse(consumer, `retryable["${wrong[0]}"]`, wrong[1], "true, false, or a function of the error")
}

const failureProblem = (consumer: Consumer) => {
  const { failureMinAttempts, failureWindow, maxFailureRate } = consumer.options
  if (maxFailureRate !== undefined) {
    return typeof maxFailureRate === "number" && maxFailureRate >= 0 && maxFailureRate < 1
      ? (integerProblem(consumer, "failureMinAttempts", 1_000_000) ??
          durationProblem(consumer, "failureWindow", longestWindowMillis, "one day"))
      : refuse(consumer, "maxFailureRate", maxFailureRate, "a number from 0 to below 1, as 0.5 for a half")
  }
  const [option, value] =
    failureMinAttempts !== undefined
      ? ["failureMinAttempts", failureMinAttempts]
      : failureWindow !== undefined
        ? ["failureWindow", failureWindow]
        : []
  return option === undefined ? undefined : refuse(consumer, option, value, "to be given with maxFailureRate only")
}

const orderProblem = (consumer: Consumer, option: "onDeadLetter" | "delayed") =>
  consumer.options[option] === undefined || orderingOf(consumer) === "aggregate"
    ? undefined
    : refuse(consumer, option, consumer.options[option], 'to be given with ordering "aggregate" only')

const isolationProblem = (consumer: Consumer) =>
  consumer.options.isolation === undefined || !isLeased(consumer)
    ? undefined
    : refuse(
        consumer,
        "isolation",
        consumer.options.isolation,
        'to be given with mode "transactional" only: leased deliveries have no transaction'
      )

const startProblem = (consumer: Consumer) => {
  const { startFrom } = consumer.options
  return startFrom === undefined || startFrom === "now" || startOf(consumer) !== undefined
    ? undefined
    : refuse(consumer, "startFrom", startFrom, '"now", "beginning" or a time')
}

const durationMillis = (value: Duration.Input): number | undefined => {
  try {
    return Duration.toMillis(value)
  } catch {
    return undefined
  }
}

/** Checks name and options of a consumer; options of a later version are refused rather than ignored. */
export const validateConsumer = Effect.fnUntraced(function* (
  consumer: Consumer
): Effect.fn.Return<void, InvalidIdentifier | UnsupportedOption | InvalidOption> {
  yield* checkIdentifier("consumer name", consumer.name, 255)
  const problem =
    unknownOption(`Consumer "${consumer.name}"`, consumer.options, supported) ??
    integerProblem(consumer, "concurrency", 100) ??
    integerProblem(consumer, "maxAttempts", 1_000_000) ??
    integerProblem(consumer, "batchSize", maxBatchSize) ??
    timeoutProblem(consumer) ??
    delayProblem(consumer, "retryBaseDelay") ??
    delayProblem(consumer, "retryMaxDelay") ??
    retryProblem(consumer) ??
    failureProblem(consumer) ??
    choiceProblem(consumer, "ordering", ["none", "aggregate"]) ??
    choiceProblem(consumer, "onDeadLetter", ["park", "continue"]) ??
    choiceProblem(consumer, "delayed", ["hold", "pass"]) ??
    choiceProblem(consumer, "mode", ["transactional", "leased"]) ??
    choiceProblem(consumer, "isolation", ["batch", "delivery"]) ??
    isolationProblem(consumer) ??
    orderProblem(consumer, "onDeadLetter") ??
    orderProblem(consumer, "delayed") ??
    startProblem(consumer)
  if (problem !== undefined) return yield* problem
})
