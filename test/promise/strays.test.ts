/**
 * A part of a handler that goes on when another has failed (`Promise.all`), or when all of it has ended, writes nothing through its context.
 *
 * Seen failing before `contextScope.ts`: rows, links and events of a failed attempt were committed with the note of its failure.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, LinkStore, Processor, Publisher } from "../../src/index.ts"
import { subscriber } from "../../src/promise.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, serve, services, until } from "../support/scenario.ts"

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const entity = (entityId: string) => ({ module: "tests", entityType: "Thing", entityId })

const count = (text: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(sql.unsafe<{ n: number }>(`SELECT count(*)::int AS n FROM ${text}`), ([row]) => row?.n)
  )

for (const { layer, name } of databases) {
  describe(name, () => {
    for (const isolation of ["batch", "delivery"] as const) {
      it.live(`nothing of a failed attempt stays, isolation ${isolation}`, () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf("strays")
          const errors: Array<unknown> = []
          const consumer = Consumer.make("strays", { isolation, maxAttempts: 3 })
          yield* serve(
            subscriber({
              consumer,
              mode: "transactional",
              event: Happened,
              handler: async ({ attempt, payload }, { links, publish, sql }) => {
                const going = async () => {
                  for (let n = 0; n < 12; n++) {
                    await sql`INSERT INTO shared (id, total) VALUES (${payload.n * 1000 + attempt * 100 + n}, ${attempt})`
                    await links.create({
                      source: entity(`a${attempt}`),
                      target: entity(`b${n}`),
                      linkType: "reference"
                    })
                    await publish(Followed, { n })
                    await sleep(2)
                  }
                }
                const failing = sleep(5).then(() => {
                  if (attempt === 1) throw new Error("no")
                })
                await Promise.all([failing, going().catch((error) => Promise.reject(errors.push(error)))])
              }
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* Processor.use((processor) => processor.settled(event.id))
          // Its other part has noticed.
          yield* until(
            Effect.sync(() => errors.length),
            (count) => count > 0
          )
          const [row] = yield* deliveries("strays")
          assert.deepInclude(row, { status: "processed", attempts: 2 })
          assert.strictEqual(yield* count("shared"), 12)
          assert.strictEqual(yield* count("shared WHERE total = 1"), 0)
          assert.lengthOf(yield* LinkStore.findOutbound(entity("a1")), 0)
          assert.lengthOf(yield* LinkStore.findOutbound(entity("a2")), 12)
          assert.strictEqual(yield* count(`integration_event WHERE event_name = '${Followed.name}'`), 12)
          assert.match(String(errors[0]), /HandlerEnded: .* that has ended: it was not done/)
        }).pipe(Effect.scoped, Effect.provide(services(layer)))
      )
    }

    it.live("what is asked when the handler has ended is refused, and what it did not wait for is part of it", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("late")
        const late: Array<Promise<unknown>> = []
        yield* serve(
          subscriber({
            consumer: "late",
            mode: "transactional",
            event: Happened,
            handler: (_, { publishEvent, sql }) => {
              sql`INSERT INTO shared (id) VALUES (1)`.catch(() => undefined)
              const after = sleep(20).then(() =>
                Promise.allSettled([
                  sql`INSERT INTO shared (id) VALUES (2)`,
                  publishEvent({
                    eventName: "late",
                    sourceModule: "a",
                    aggregateType: "b",
                    aggregateId: "c",
                    payload: {}
                  })
                ])
              )
              late.push(after)
            }
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* Processor.use((processor) => processor.settled(event.id))
        const [results] = yield* Effect.promise(
          () => Promise.all(late) as Promise<Array<Array<PromiseSettledResult<unknown>>>>
        )
        for (const result of results ?? []) {
          assert.match(String(result.status === "rejected" && result.reason), /HandlerEnded/)
        }
        assert.strictEqual(yield* count("shared"), 1)
      }).pipe(Effect.scoped, Effect.provide(services(layer)))
    )
  })
}
