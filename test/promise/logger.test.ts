/** The log behind promises: where it goes, and what handlers write into it. */
import { Cause, Effect } from "effect"
import { assert, describe, it } from "vitest"
import { Subscriber } from "../../src/index.ts"
import { createIntegration, type PromiseLogger, subscriber } from "../../src/promise.ts"

interface Line {
  readonly level: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

const collecting = () => {
  const lines: Array<Line> = []
  const to = (level: string) => (message: string, details: Line["details"]) => lines.push({ level, message, details })
  const logger: PromiseLogger = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") }
  return { lines, logger }
}

const event = { eventName: "logged", sourceModule: "tests", aggregateType: "Thing", aggregateId: "1" }

const failing = subscriber({
  consumer: "logging",
  event: "logged",
  handler: (_, { logger }) => {
    logger.debug("looking")
    logger.info("found", { rows: 2 })
    throw new RangeError("too many")
  }
})

describe("a logger", () => {
  it("gets the lines of handlers and of the engine, with what they are about", async () => {
    const { lines, logger } = collecting()
    await using integration = createIntegration({
      memory: true,
      logger,
      subscribers: [failing],
      settings: { maxAttempts: 1 }
    })
    await integration.start()
    const { id } = await integration.publishEvent(event)
    await integration.settled(id)
    const own = lines.filter(({ details }) => details.eventId === id)
    assert.deepStrictEqual(
      own.map(({ level, message }) => [level, message.split("\n")[0]?.replace(/:\d+/, "")]),
      [
        ["debug", "looking"],
        ["info", "found"],
        ["error", "Gave up after attempt 1 at logger.test.ts RangeError: too many"]
      ]
    )
    const { consumer, event: name, rows } = own[1]?.details ?? {}
    assert.deepStrictEqual([consumer, name, rows], ["logging", "logged", 2])
  })

  it("is told errors as they were thrown", async () => {
    const { lines, logger } = collecting()
    const thrown = new RangeError("too many")
    const inEffect = Subscriber.make({
      consumer: "logging",
      event: "logged",
      handler: () => Effect.logWarning("Went wrong", { rows: 3 }, Cause.fail(thrown))
    })
    await using integration = createIntegration({ memory: true, logger, subscribers: [inEffect] })
    await integration.start()
    const { id } = await integration.publishEvent(event)
    await integration.settled(id)
    const line = lines.find(({ message }) => message === "Went wrong")
    assert.deepStrictEqual([line?.level, line?.details.rows, line?.details.error], ["warn", 3, thrown])
  })

  it("that fails is no failure of who logs", async () => {
    const failing = () => {
      throw new Error("the disk is full")
    }
    const later = () => Promise.reject(new Error("the disk is full"))
    await using integration = createIntegration({
      memory: true,
      logger: { debug: later, info: failing, warn: failing, error: failing },
      subscribers: [
        subscriber({
          consumer: "logging",
          event: "logged",
          handler: async (_, { logger }) => {
            logger.debug("groups", { found: /(?<n>\d)/.exec("1")?.groups })
            logger.info("that one fails")
          }
        })
      ]
    })
    await integration.start()
    const { id } = await integration.publishEvent(event)
    const [delivery] = await integration.settled(id)
    assert.strictEqual(delivery?.status, "processed")
  })

  it("may be none at all", async () => {
    const { error, log } = console
    const written: Array<unknown> = []
    console.log = (...parts) => written.push(parts)
    console.error = (...parts) => written.push(parts)
    try {
      await using integration = createIntegration({ memory: true, logger: false, subscribers: [failing] })
      await integration.start()
      const { id } = await integration.publishEvent(event)
      await integration.settled(id).catch(() => undefined)
    } finally {
      Object.assign(console, { error, log })
    }
    assert.deepStrictEqual(written, [])
  })

  it("has to be one", () => {
    assert.throws(
      () => createIntegration({ memory: true, logger: { log: () => {} } as never }),
      "Option logger of createIntegration is object, expected an object with debug, info, warn and error, as console; or false."
    )
  })
})
