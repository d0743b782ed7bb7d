/** What log lines say of the delivery they are about. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { Consumer, Integration, Lineage, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

interface Line {
  readonly text: string
  readonly annotations: Readonly<Record<string, unknown>>
}

const lines: Array<Line> = []

const capture = Logger.make(({ fiber, message }) => {
  lines.push({ text: String(message), annotations: fiber.getRef(References.CurrentLogAnnotations) })
})

const failing = Effect.fnUntraced(function* (attempt: number) {
  yield* Effect.logInfo("from the handler")
  if (attempt < 3) return yield* Effect.die(new Error("broken"))
})

const live = Integration.layerMemory({ settings: unpolled }).pipe(Layer.provideMerge(Logger.layer([capture])))

withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("logs", (it) => {
  it.effect("name event, consumer, attempt and correlation, and where a handler failed", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("logs")
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("logs", { retryBaseDelay: "100 millis" }),
          event: Happened,
          handler: ({ attempt }) => failing(attempt)
        })
      )
      const event = yield* Publisher.publish(Happened, { n: 1 }).pipe(Lineage.within({ correlationId: "request" }))
      yield* Processor.use((processor) => processor.settled(event.id))
      const said = (text: RegExp) => lines.filter((line) => text.test(line.text))
      const [delivery] = said(/^from the handler/)
      const about = {
        ...{ consumer: "logs", event: "logs.happened", eventId: event.id, correlationId: "request" },
        deliveryId: delivery?.annotations.deliveryId
      }
      assert.match(String(about.deliveryId), /^[0-9a-f-]{36}$/)
      for (const [index, line] of said(/^from the handler/).entries()) {
        assert.deepStrictEqual({ ...line.annotations }, { ...line.annotations, ...about, attempt: index + 1 })
      }
      assert.strictEqual(said(/^from the handler/).length, 3)
      const failures = said(/^Attempt \d failed/)
      assert.deepStrictEqual(
        failures.map(({ annotations: { at: _, ...rest } }) => rest),
        [1, 2]
          .map((attempt) => ({ ...failures[0]?.annotations, ...about, at: undefined, attempt }))
          .map(({ at: _, ...rest }) => rest)
      )
      for (const { annotations, text } of failures) {
        assert.match(String(annotations.at), /logs\.test\.ts:\d+:\d+/)
        assert.match(text, /^Attempt \d failed at logs\.test\.ts:\d+, next in \d+ ms,Error: broken$/)
        assert.include(String(annotations.at), / at (\S+),/.exec(text)?.[1] ?? "nowhere")
      }
    })
  )

  it.effect("of a batch handler's lines name its consumer", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("logs-batch")
      yield* serve(
        Subscriber.batch({
          consumer: "logs-batch",
          event: Happened,
          handler: (events) => Effect.as(Effect.logInfo("from the batch"), events.map(Subscriber.processed))
        })
      )
      const event = yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.settled(event.id))
      const [line] = lines.filter(({ text }) => text === "from the batch")
      assert.strictEqual(line?.annotations.consumer, "logs-batch")
    })
  )
})
