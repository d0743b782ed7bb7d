/** Handlers that go on writing through their client when their attempt is over: nothing of it is there, then or later. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Consumer, Publisher, Subscriber, transactionOf } from "../../src/index.ts"
import { subscriber } from "../../src/promise/PromiseApi.ts"
import { type AnyApplication, failing } from "../support/application.ts"
import { App, withApplication, written } from "../support/applications.ts"
import { deliveries, eventsOf, serve, until } from "../support/scenario.ts"
import { clientNames, kyselyAlone } from "../support/transactionClients.ts"

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const timeout = 250

type Write = (tx: unknown) => Promise<unknown>

/** Code of a handler that has written already: it takes longer than it may, and goes on after that. */
type Going = (app: AnyApplication, tx: unknown, write: Write) => Promise<unknown>

/** Writes for so many milliseconds, whatever is refused. */
const on = async (write: Write, tx: unknown, millis = 250) => {
  for (const end = Date.now() + millis; Date.now() < end; await sleep(1)) await write(tx).catch(() => undefined)
}

const ways: Readonly<Record<string, Going>> = {
  "writes all the time": (_, tx, write) => on(write, tx, timeout + 250),
  "writes after a while": async (_, tx, write) => {
    await sleep(timeout + 20)
    await on(write, tx)
  },
  "writes without waiting for anything": async (_, tx, write) => {
    for (const end = Date.now() + timeout + 200; Date.now() < end; await sleep(5)) {
      for (let n = 0; n < 5; n++) write(tx).catch(() => undefined)
    }
  },
  "waits in a statement, then writes": async (app, tx, write) => {
    await app.run(tx, "SELECT pg_sleep(0.6)::text").catch(() => undefined)
    await on(write, tx)
  },
  "has a statement that failed, and writes after a while": async (app, tx, write) => {
    await app.run(tx, failing).catch(() => undefined)
    await sleep(timeout + 20)
    await on(write, tx)
  },
  "writes all the time after a statement that failed": async (app, tx, write) => {
    await app.run(tx, failing).catch(() => undefined)
    await on(write, tx, timeout + 250)
  },
  "has statements that fail between those that write": async (app, tx, write) => {
    for (const end = Date.now() + timeout + 250; Date.now() < end; await sleep(1)) {
      await app.run(tx, failing).catch(() => undefined)
      await write(tx).catch(() => undefined)
    }
  },
  "writes behind a savepoint of its own": (app, tx, write) =>
    app.nested(tx, (inner) => on(write, inner, timeout + 250)),
  "has a statement that failed behind a savepoint of its own": (app, tx, write) =>
    app.nested(tx, async (inner) => {
      await app.run(inner, failing).catch(() => undefined)
      await sleep(timeout + 20)
      await on(write, inner)
      await on(write, tx, 100)
    })
}

/** Handlers that return a promise, and such that wait for one in an Effect. */
const kinds = ["promise", "effect"] as const

/** Deliveries that are there at once: one alone has a savepoint, several share a transaction. */
const sizes = [1, 3] as const

const cases = kinds.flatMap((kind) =>
  sizes.flatMap((size) =>
    Object.entries(ways).map(([what, way]) => ({ consumer: `${kind} of ${size}: ${what}`, kind, size, way }))
  )
)

type Case = (typeof cases)[number]

/** Serves a handler that goes on with its first event, lets it time out, and says what is there when all of it has ended. */
const attack = Effect.fnUntraced(function* ({ consumer: name, kind, size, way }: Case) {
  const { Happened, happenings } = eventsOf(name.replaceAll(/\W+/g, "-"))
  const app = yield* App
  let running = 0
  const going = async (n: number, tx: unknown) => {
    running++
    try {
      const write = () => app.write(tx, { name, n })
      await write()
      if (n !== 0) return
      await way(app, tx, (tx) => app.write(tx, { name, n }))
      // Behind the timeout, if all of this was held up and both are due.
      await sleep(1)
    } finally {
      running--
    }
  }
  const consumer = Consumer.make(name, { maxAttempts: 1, timeout })
  yield* kind === "promise"
    ? serve(
        subscriber({
          consumer,
          event: Happened,
          client: app.client,
          handler: ({ payload: { n } }, { tx }) => going(n, tx)
        })
      )
    : serve(
        Subscriber.make({
          consumer,
          event: Happened,
          handler: ({ payload: { n } }) =>
            Effect.flatMap(transactionOf(app.client), (tx) => Effect.promise(() => going(n, tx)))
        })
      )
  yield* Publisher.publishAll(happenings(size))
  yield* until(deliveries(name), (rows) => rows.every((row) => ["processed", "dead_letter"].includes(row.status)))
  yield* until(
    Effect.sync(() => running),
    (count) => count === 0
  )
  const rows = yield* deliveries(name)
  return { [name]: [yield* written(name), rows.map((row) => row.tag ?? row.status)] }
})

const expected = ({ consumer, size }: Case) => ({
  [consumer]: [
    Array.from({ length: size - 1 }, (_, n) => n + 1),
    size === 1 ? [late] : [late, "processed", "processed"]
  ]
})

const late = "HandlerTimeout"

describe.each([...clientNames, kyselyAlone])("%s", (name) => {
  layer(withApplication(name, { max: 40 }), { excludeTestServices: true, timeout: "60 seconds" })("strays", (it) => {
    it.effect("what a handler writes after its timeout is nowhere, and the next transactions are whole", () =>
      Effect.gen(function* () {
        const app = yield* App
        const outcomes = yield* Effect.forEach(cases, attack, { concurrency: 12 })
        assert.deepStrictEqual(Object.assign({}, ...outcomes), Object.assign({}, ...cases.map(expected)))
        const next = Array.from({ length: 40 }, () =>
          app.transaction(async (tx) => {
            await app.write(tx, { name: "next", n: 1 })
            await sleep(5)
          })
        )
        yield* Effect.promise(() => Promise.all(next))
        assert.lengthOf(yield* written("next"), 40)
      })
    )
  })
})
