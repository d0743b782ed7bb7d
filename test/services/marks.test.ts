/** Marks by hand whose process, or whose transaction, did not come to its end: nothing stays taken for ever. */
import { assert, describe, it } from "vitest"
import { Errors } from "../../src/index.ts"
import { createIntegration } from "../../src/promise.ts"
import { createServices, type InboxEvent } from "../../src/services.ts"
import { runtimes } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
  } catch (error) {
    assert.instanceOf(error, Errors.DeliveryNotMarked)
    return (error as Error).message
  }
  throw new Error("it did not reject")
}

/** Repeats a mark that is refused because somebody has a lease, until it is done. */
const whenExpired = async (mark: () => Promise<InboxEvent>): Promise<InboxEvent> => {
  for (;;) {
    try {
      return await mark()
    } catch (error) {
      if (!String(error).includes("it is being handled, under a lease")) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

class ChangedMyMind extends Error {}

const event = { eventName: "hand.made", sourceModule: "tests", aggregateType: "Thing", aggregateId: "t1" }

describe.each(runtimes)("on $name", ({ layer }) => {
  /** Two processes, as far as marks by hand go: neither knows what the other one has taken. */
  const two = async (settings: object = {}) => {
    const integration = createIntegration({
      layer: layer({ settings: { ...unpolled, processingLeaseMs: 1000, ...settings } })
    })
    const [mine, others] = [createServices(integration), createServices(integration)]
    const { id } = await mine.publisher.publishEvent(event)
    const delivery = async () => (await mine.inbox.getOrCreate(id, "by.hand")).id
    return {
      mine,
      others: others.inbox,
      inbox: mine.inbox,
      id: await delivery(),
      [Symbol.asyncDispose]: () => mine.stop()
    }
  }

  it("what was taken and never marked can be taken by others when its lease ran out, and was an attempt", async () => {
    await using all = await two()
    const { id, inbox, others } = all
    await inbox.markProcessing(id)
    assert.include(await refusal(others.markProcessing(id)), "it is being handled, under a lease")
    assert.include(await refusal(others.markFailed(id, "not mine")), "it is being handled, under a lease")
    const taken = await whenExpired(() => others.markProcessing(id))
    assert.deepInclude(taken, { status: "processing", attemptCount: 2 })
    // A server knows that the process runs still.
    assert.match(taken.lastError ?? "", /^Handler(Crashed|Unresponsive): /)
    // Who had it is told so, and does not believe it for ever.
    assert.include(await refusal(inbox.markProcessed(id)), "it was held for too long, and its lease was ended")
    assert.include(await refusal(inbox.markProcessed(id)), "it is being handled, under a lease")
    assert.include(await refusal(inbox.markProcessing(id)), "it is being handled, under a lease")
    assert.deepInclude(await others.markProcessed(id), { status: "processed", attemptCount: 2 })
  })

  it("what was taken and never marked can be marked at once when its lease ran out", async () => {
    await using all = await two()
    const { id, inbox, others } = all
    await inbox.markProcessing(id)
    assert.deepInclude(await whenExpired(() => others.markSkipped(id)), { status: "skipped", attemptCount: 2 })
  })

  it("gives up what was taken too often, and the next one is told", async () => {
    await using all = await two({ maxAttempts: 1 })
    const { id, inbox, others } = all
    await inbox.markProcessing(id)
    const said = await refusal(whenExpired(() => others.markProcessing(id)))
    assert.include(said, "it is dead_letter already")
    assert.deepInclude(await inbox.getById(id), { status: "dead_letter", attemptCount: 1 })
  })

  it("taking again what is taken keeps it, and what somebody else has by now is not said to be ours", async () => {
    await using all = await two()
    const { id, inbox, others } = all
    const taken = await inbox.markProcessing(id)
    assert.deepStrictEqual(await inbox.markProcessing(id), taken)
    await whenExpired(() => others.markProcessing(id))
    assert.include(await refusal(inbox.markProcessing(id)), "it is being handled, under a lease")
    assert.deepInclude(await others.markProcessed(id), { status: "processed", attemptCount: 2 })
  })

  it("what a transaction took is as before when it rolls back", async () => {
    await using all = await two({ processingLeaseMs: 60_000 })
    const { id, inbox, mine } = all
    const changeMind = async (work: () => Promise<unknown>) => {
      try {
        await mine.transaction(async () => {
          await work()
          throw new ChangedMyMind()
        })
      } catch (error) {
        assert.instanceOf(error, ChangedMyMind)
      }
    }
    await changeMind(() => inbox.markProcessing(id))
    assert.deepInclude(await inbox.getById(id), { status: "received", attemptCount: 0 })
    assert.deepInclude(await inbox.markProcessing(id), { status: "processing", attemptCount: 1 })
    // The lease of before is what holds it.
    await changeMind(() => inbox.markProcessing(id))
    await changeMind(() => inbox.markProcessed(id))
    assert.deepInclude(await inbox.markFailed(id, "now"), { status: "failed", attemptCount: 1 })
  })

  it("what a transaction took can be marked inside of it, and after its commit", async () => {
    await using all = await two({ processingLeaseMs: 60_000 })
    const { id, inbox, mine } = all
    await mine.transaction(async () => {
      await mine.transaction(() => inbox.markProcessing(id))
      assert.deepInclude(await inbox.markFailed(id, "first"), { status: "failed", attemptCount: 1 })
    })
    await inbox.updateStatus(id, "skipped")
    const again = await inbox.getOrCreate((await mine.publisher.publishEvent(event)).id, "by.hand")
    await mine.transaction(() => inbox.markProcessing(again.id))
    assert.deepInclude(await inbox.markProcessed(again.id), { status: "processed", attemptCount: 1 })
  })
})
