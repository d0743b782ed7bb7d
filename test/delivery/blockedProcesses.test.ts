/** Leases of processes that live, but renew nothing: their event loop is blocked, or they are frozen. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { Consumer, InboxStore, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { keyOf } from "../../src/testing/conformance/support.ts"
import { blocked, held, settings } from "../processes/blocking.ts"
import { Counted } from "../processes/program.ts"
import { type Child, start } from "../support/children.ts"
import { inSchema, runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

/**
 * A process that handles one delivery and is idle no more, beside this one, which is.
 *
 * @param timeout - of a handler, in milliseconds
 * @param blocks - how long the handler of the other process holds its event loop, in milliseconds
 * @param then - what becomes of that process
 *
 * Returns how the delivery ended, the tags of failed attempts, and how often it was handled here.
 */
const beside = (timeout: number, blocks: number, then: (child: Child) => Effect.Effect<void>) =>
  inSchema(
    Effect.void,
    (env) =>
      Effect.gen(function* () {
        const child = yield* start("blocking", { ...env, TEST_TIMEOUT: `${timeout}`, TEST_BLOCKS: `${blocks}` })
        yield* child.message("ready")
        const event = yield* Publisher.publish(Counted, { n: 1 })
        yield* child.message("begun")
        let handledHere = 0
        yield* serve(
          Subscriber.make({
            consumer: blocked(timeout),
            event: Counted,
            handler: () =>
              Effect.sync(() => {
                handledHere++
              })
          })
        )
        yield* then(child)
        const [delivery] = yield* Processor.use((processor) => processor.settled(event.id))
        const attempts = yield* InboxStore.use((inbox) => inbox.attempts(keyOf(delivery)))
        return {
          ended: [delivery?.status, delivery?.attemptCount],
          failures: attempts.map(({ errorTag }) => errorTag),
          handledHere
        }
      }),
    Integration.layer({ settings })
  )

const nothing = () => Effect.void

it.live("a handler that blocks its event loop for several leases, within its timeout, keeps its delivery", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* beside(20_000, 3500, nothing), {
      ended: ["processed", 1],
      failures: [],
      handledHere: 0
    })
  })
)

it.live("one that blocks it beyond its timeout loses it, and that is no crash", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* beside(500, 30_000, nothing), {
      ended: ["processed", 2],
      failures: ["HandlerUnresponsive"],
      handledHere: 1
    })
  })
)

it.live("a process that is frozen keeps its delivery for a quarter more than its handler may take, then loses it", () =>
  Effect.gen(function* () {
    const frozen = beside(2000, 0, (child) => child.signal("SIGSTOP"))
    assert.deepStrictEqual(yield* frozen, {
      ended: ["processed", 2],
      failures: ["HandlerUnresponsive"],
      handledHere: 1
    })
  })
)

it.live("a process that is killed loses it when its lease has run out, however long its handler may take", () =>
  Effect.gen(function* () {
    const killed = beside(3_600_000, 30_000, (child) => child.kill("SIGKILL"))
    assert.deepStrictEqual(yield* killed, {
      ended: ["processed", 2],
      failures: ["HandlerCrashed"],
      handledHere: 1
    })
  })
)

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: { ...unpolled, processingLeaseMs: 1000 } }), { excludeTestServices: true })(
    "a process",
    (it) => {
      it.effect("does not take for crashed what it handles itself", () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("blocked-here")
          const runs: Array<string> = []
          const consumer = Consumer.make("blocked-here", { mode: "leased", timeout: "20 seconds", concurrency: 2 })
          yield* serve(
            Subscriber.make({
              consumer,
              event: Happened,
              handler: Effect.fnUntraced(function* ({ attempt, payload: { n } }) {
                runs.push(`${n}: ${attempt}`)
                if (n === 1) return
                // Time for the other worker to see when this lease runs out.
                yield* Effect.sleep("200 millis")
                yield* held(2500)
                yield* Effect.sleep("500 millis")
              })
            })
          )
          const [slow, quick] = yield* Publisher.publishAll(happenings(2))
          const processor = yield* Processor
          for (const id of [quick?.id, slow?.id]) {
            const [delivery] = yield* processor.settled(id ?? "")
            assert.deepInclude(delivery, { status: "processed", attemptCount: 1 })
          }
          assert.deepStrictEqual(runs.toSorted(), ["0: 1", "1: 1"])
        })
      )
    }
  )
})
