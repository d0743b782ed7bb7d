/** The reference's services by their own names, on every store: each method, and what it comes to here. */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { Consumer, Errors, Subscriber } from "../../src/index.ts"
import { createIntegration } from "../../src/promise.ts"
import {
  createServices,
  type HandledEvent,
  InboxEventStatus,
  LinkType,
  OutboxEventStatus,
  type SubscriberContext
} from "../../src/services.ts"
import { runtimes } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const settings = { ...unpolled, retryBaseDelayMs: 100, maxAttempts: 2 }

/** What a promise is rejected with. */
const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    assert.instanceOf(error, Error)
    return error as Error
  }
  throw new Error("it did not reject")
}

/** What a call throws. */
const thrown = (call: () => unknown): Error => {
  try {
    call()
  } catch (error) {
    assert.instanceOf(error, Error)
    return error as Error
  }
  throw new Error("it did not throw")
}

const event = (eventName: string, more: object = {}) => ({
  eventName,
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: "i1",
  ...more
})

const linkOf = (entityId: string, linkType: LinkType = LinkType.CASCADE) => ({
  sourceModule: "finance",
  sourceEntityType: "Invoice",
  sourceEntityId: entityId,
  targetModule: "operations",
  targetEntityType: "Task",
  targetEntityId: `task-${entityId}`,
  linkType
})

const unsupported = async (promise: Promise<unknown>, words: string) => {
  const error = await rejection(promise)
  assert.instanceOf(error, Errors.UnsupportedCall)
  assert.include(error.message, words)
}

describe.each(runtimes)("on $name", ({ layer }) => {
  const services = (more: object = {}) => createServices({ layer: layer({ settings: { ...settings, ...more } }) })

  it("publishes, in one form or the other, and tells what was stored", async () => {
    await using all = services()
    const one = await all.publisher.publishEvent(event("plain.one", { payload: { n: 1 }, metadata: { by: "me" } }))
    const two = await all.publisher.publishEvent("plain.two", "finance", "Invoice", "i1", { n: 2 }, { by: "you" })
    const three = await all.outbox.createEvent(event("plain.three"))
    assert.deepInclude(one, {
      ...event("plain.one", { payload: { n: 1 }, metadata: { by: "me" } }),
      status: OutboxEventStatus.PROCESSED,
      attemptCount: 0,
      lastError: null
    })
    assert.deepInclude(two, { payload: { n: 2 }, metadata: { by: "you" } })
    assert.deepInclude(three, { payload: {}, metadata: {} })
    for (const stored of [one, two, three]) {
      // When it was due is asked of the clock once more.
      const { availableAt, processedAt, updatedAt, ...row } = { ...(await all.outbox.getById(stored.id)) }
      assert.deepInclude(stored, row)
      assert.deepStrictEqual(updatedAt, processedAt)
    }
    const list = await all.developerApi.publishEvents([event("plain.four"), event("plain.five")])
    assert.deepStrictEqual(
      list.map(({ eventName }) => eventName),
      ["plain.four", "plain.five"]
    )
    assert.deepStrictEqual(await all.publisher.publishEvents([]), [])
    const keyed = event("plain.keyed", { dedupeKey: "k", delay: "1 hour" })
    const first = await all.developerApi.publishEvent(keyed)
    const again = await all.developerApi.publishEvent(keyed)
    assert.deepStrictEqual(again, first)
    assert.isAbove(first.availableAt.getTime(), first.createdAt.getTime() + 3_000_000)
    assert.isNull(await all.outbox.getById("no id"))
    assert.isNull(await all.outbox.getById(crypto.randomUUID()))
    assert.strictEqual(await all.outbox.countByStatus(OutboxEventStatus.PROCESSED), 6)
    assert.strictEqual(await all.outbox.countByStatus(OutboxEventStatus.DEAD_LETTER), 0)
    assert.include((await rejection(all.outbox.countByStatus("done" as never))).message, "expected one of pending")
  })

  it("hands the event over by the reference's names, publishes and links with the delivery, retries and gives up", async () => {
    await using all = services()
    const seen: Array<HandledEvent> = []
    const { links, publisher, registry } = all
    registry.subscribe("invoice.*", "operations.tasks", async (handled, { linkService, logger, sql, signal }) => {
      seen.push(handled)
      logger.debug("handling", handled.aggregateId)
      assert.isFunction(sql.query)
      assert.isFalse(signal.aborted)
      // Of the context, and injected: both are the delivery's.
      await linkService.createLink(linkOf(handled.aggregateId))
      await links.createLink(linkOf(handled.aggregateId, LinkType.REFERENCE))
      await publisher.publishEvent(event(`task.created`, { payload: { attempt: handled.attempt } }))
      if (handled.payload.fails > 0 && handled.attempt <= handled.payload.fails) throw new RangeError("not now")
    })
    await all.start()
    const good = await publisher.publishEvent(
      event("invoice.created", { payload: { fails: 1 }, metadata: { by: "me" }, correlationId: "c1" })
    )
    assert.strictEqual(good.status, "pending")
    await all.integration.settled(good.id)
    assert.lengthOf(seen, 2)
    assert.deepInclude(seen[1], {
      outboxEventId: good.id,
      eventName: "invoice.created",
      sourceModule: "finance",
      aggregateType: "Invoice",
      aggregateId: "i1",
      payload: { fails: 1 },
      metadata: { by: "me" },
      attempt: 2,
      correlationId: "c1"
    })
    assert.deepStrictEqual(seen[1]?.timestamp, good.createdAt)
    const created = await links.findOutbound("finance", "Invoice", "i1")
    assert.sameMembers(
      created.map(({ linkType }) => linkType),
      ["cascade", "reference"]
    )
    assert.strictEqual(await links.countFromModule("finance"), 2)
    // What the failed attempt published is not there; what the second did says what it follows from.
    assert.strictEqual((await all.processor.getStats()).total, 2)
    const bad = await publisher.publishEvent(event("invoice.bad", { aggregateId: "i2", payload: { fails: 9 } }))
    await all.integration.settled(bad.id)
    assert.deepInclude(await all.outbox.getById(bad.id), {
      status: "dead_letter",
      attemptCount: 2,
      lastError: "RangeError: not now"
    })
    assert.deepStrictEqual(await links.findOutbound("finance", "Invoice", "i2"), [])
    assert.deepInclude(await all.processor.getStats(), { processed: 2, dead_letter: 1, total: 3, handlerCount: 1 })
    assert.deepInclude(await all.job.getStats(), { dead_letter: 1, pollingLoopRunning: true })
    // pending opens it again, processed lets it go.
    const opened = await all.outbox.updateStatus(bad.id, OutboxEventStatus.PENDING)
    assert.include(["pending", "processing"], opened.status)
    await all.integration.settled(bad.id)
    const gone = await all.outbox.updateStatus(bad.id, OutboxEventStatus.PROCESSED)
    assert.strictEqual(gone.status, "processed")
    assert.deepInclude((await all.integration.stats()).deliveries["operations.tasks"], { skipped: 1, processed: 1 })
  })

  it("opens what gave up of an event also while another delivery of it is open", async () => {
    await using all = services({ maxAttempts: 1 })
    const { inbox } = all
    const { id } = await all.publisher.publishEvent(event("two.ways"))
    const gone = await inbox.getOrCreate(id, "gave.up")
    const open = await inbox.getOrCreate(id, "still.open")
    await inbox.markFailed(gone.id, "no")
    const opened = await all.outbox.updateStatus(id, OutboxEventStatus.PENDING)
    assert.strictEqual(opened.status, "pending")
    assert.deepInclude(await inbox.getById(gone.id), { status: "received", attemptCount: 0 })
    assert.deepInclude(await inbox.getById(open.id), { status: "received", attemptCount: 0 })
    // There is nothing to open any more.
    assert.strictEqual((await all.outbox.updateStatus(id, OutboxEventStatus.PENDING)).status, "pending")
  })

  it("what a handler deletes or marks besides is taken back with it if it is transactional, and stays if it is leased", async () => {
    await using all = services({ maxAttempts: 1 })
    const { inbox, links } = all
    const other = await all.publisher.publishEvent(event("other"))
    for (const mode of ["leased", "transactional"] as const) {
      const link = await links.createLink(linkOf(mode))
      const marked = await inbox.getOrCreate(other.id, `marked.${mode}`)
      all.registry.subscribe(`failing.${mode}`, Consumer.make(mode, { mode }), async () => {
        await links.deleteLink(link.id)
        await inbox.markProcessed(marked.id)
        throw new RangeError("not now")
      })
      await all.start()
      await all.integration.settled((await all.publisher.publishEvent(event(`failing.${mode}`))).id)
      assert.strictEqual((await links.getById(link.id)) !== null, mode === "transactional")
      assert.strictEqual((await inbox.getById(marked.id))?.status, mode === "leased" ? "processed" : "received")
    }
  })

  it("what a transaction publishes and links is there if and only if it resolves", async () => {
    await using all = services()
    const work = async (fails: boolean) => {
      await all.publisher.publishEvent(event("kept.created", { dedupeKey: "once" }))
      await all.links.createLink(linkOf("kept"))
      if (fails) throw new RangeError("changed my mind")
    }
    assert.instanceOf(await rejection(all.transaction(() => work(true))), RangeError)
    assert.strictEqual((await all.processor.getStats()).total, 0)
    assert.isNull(await all.links.findBidirectional("operations", "Task", "task-kept", "finance", "Invoice", "kept"))
    await all.transaction(() => work(false))
    assert.strictEqual((await all.processor.getStats()).total, 1)
    assert.lengthOf(await all.links.findInbound("operations", "Task", "task-kept"), 1)
  })

  it("creates, finds, counts and deletes links", async () => {
    await using all = services()
    const { developerApi, links } = all
    const one = await links.createLink({ ...linkOf("a"), metadata: { why: "because" } })
    assert.deepStrictEqual(await links.createLink(linkOf("a")), one)
    assert.deepInclude(one, { ...linkOf("a"), metadata: { why: "because" } })
    assert.deepStrictEqual(one.updatedAt, one.createdAt)
    assert.deepStrictEqual(await links.getById(one.id), one)
    assert.isNull(await links.getById("no id"))
    assert.deepStrictEqual(
      await links.findBidirectional("operations", "Task", "task-a", "finance", "Invoice", "a"),
      one
    )
    const query = { module: "finance", entityType: "Invoice", entityId: "a" }
    assert.deepStrictEqual(await developerApi.findLinksBySource(query), [one])
    assert.deepStrictEqual(await developerApi.findLinksByTarget(query), [])
    assert.deepStrictEqual(await developerApi.findLinksByType(LinkType.CASCADE), [one])
    const root = await developerApi.createLink(linkOf("b", LinkType.AGGREGATE_ROOT))
    assert.deepStrictEqual(await links.findByLinkType(LinkType.AGGREGATE_ROOT), [root])
    assert.strictEqual(await links.countFromModule("finance"), 2)
    assert.strictEqual(await links.countFromModule("operations"), 0)
    assert.deepStrictEqual(await links.deleteLink(one.id), one)
    assert.instanceOf(await rejection(links.deleteLink(one.id)), Errors.LinkNotFound)
    assert.include((await rejection(links.findByLinkType("friend" as never))).message, '"friend" is none of reference')
    assert.include(
      (await rejection(links.createLink({ ...linkOf("c"), targetModule: undefined as never }))).message,
      "module of a link's target"
    )
  })

  it("gives an event to a consumer that asks by hand, whose marks settle it once", async () => {
    await using all = services()
    const { inbox } = all
    const { id } = await all.publisher.publishEvent(event("hand.made"))
    assert.isFalse(await inbox.isProcessed(id, "by.hand"))
    const made = await inbox.getOrCreate(id, "by.hand")
    assert.deepInclude(made, {
      outboxEventId: id,
      consumerName: "by.hand",
      status: InboxEventStatus.RECEIVED,
      attemptCount: 0,
      processedAt: null
    })
    assert.deepStrictEqual(await inbox.getOrCreate(id, "by.hand"), made)
    assert.deepStrictEqual(await inbox.getById(made.id), made)
    assert.isNull(await inbox.getById("no id"))
    assert.strictEqual(await inbox.countUnprocessed("by.hand"), 1)
    assert.strictEqual((await all.outbox.getById(id))?.status, "pending")
    const taken = await inbox.markProcessing(made.id)
    assert.deepInclude(taken, { status: "processing", attemptCount: 1 })
    assert.deepStrictEqual(await inbox.markProcessing(made.id), taken)
    assert.strictEqual(await inbox.countUnprocessed("by.hand"), 1)
    const done = await inbox.markProcessed(made.id)
    assert.deepInclude(done, { status: "processed", attemptCount: 1 })
    assert.instanceOf(done.processedAt, Date)
    assert.deepStrictEqual(await inbox.markProcessed(made.id), done)
    assert.isTrue(await inbox.isProcessed(id, "by.hand"))
    assert.strictEqual(await inbox.countUnprocessed("by.hand"), 0)
    assert.strictEqual((await all.outbox.getById(id))?.status, "processed")
    const late = await rejection(inbox.markFailed(made.id, "too late"))
    assert.instanceOf(late, Errors.DeliveryNotMarked)
    assert.include(late.message, "was not marked as failed: it is processed already")
    // Without being taken first.
    const straight = await inbox.getOrCreate(id, "straight")
    assert.deepInclude(await inbox.markProcessed(straight.id), { status: "processed", attemptCount: 1 })
    const skipped = await inbox.getOrCreate(id, "skipped")
    assert.deepInclude(await inbox.markSkipped(skipped.id), { status: "skipped" })
    assert.isFalse(await inbox.isProcessed(id, "skipped"))
    for (const wrong of [crypto.randomUUID(), "no id"]) {
      assert.instanceOf(await rejection(inbox.getOrCreate(wrong, "by.hand")), Errors.EventNotFound)
      assert.instanceOf(await rejection(inbox.markProcessed(wrong)), Errors.DeliveryNotFound)
    }
    assert.include((await rejection(inbox.getOrCreate(id, ""))).message, "consumerName of InboxService.getOrCreate")
  })

  it("counts failures that were marked by hand, which are tried again and give up as all are", async () => {
    await using all = services({ retryBaseDelayMs: 60_000 })
    const { inbox } = all
    const { id } = await all.publisher.publishEvent(event("hand.failed"))
    const made = await inbox.getOrCreate(id, "by.hand")
    await inbox.markProcessing(made.id)
    assert.deepInclude(await inbox.markFailed(made.id, "no such customer"), {
      status: "failed",
      attemptCount: 1,
      lastError: "Error: no such customer"
    })
    const early = await rejection(inbox.markProcessing(made.id))
    assert.match(early.message, /it is not due for another \d+ ms/)
    // Its time has not come, but nobody has it in hand: a mark is enough.
    assert.deepInclude(await inbox.updateStatus(made.id, "failed", { lastError: "still none" }), {
      status: "dead_letter",
      attemptCount: 2,
      lastError: "Error: still none"
    })
    assert.instanceOf(await rejection(inbox.markProcessed(made.id)), Errors.DeliveryNotMarked)
    assert.deepInclude(await inbox.updateStatus(made.id, "received"), { status: "received", attemptCount: 0 })
    assert.deepInclude(await inbox.updateStatus(made.id, "processing"), { status: "processing", attemptCount: 1 })
    await inbox.markFailed(made.id, "once more")
    await inbox.markFailed(made.id, "and again")
    assert.deepInclude(await inbox.updateStatus(made.id, "skipped"), { status: "skipped" })
    assert.deepInclude(await inbox.updateStatus(made.id, "skipped"), { status: "skipped" })
    const letters = await all.integration.deadLetters.list()
    assert.lengthOf(letters.deadLetters, 0)
  })

  it("leaves a delivery alone that a handler has in hand, and marks of its own take effect when it returns", async () => {
    await using all = services()
    const { inbox, registry } = all
    const started = Promise.withResolvers<string>()
    const released = Promise.withResolvers<void>()
    const marks: Record<string, (id: string) => Promise<unknown>> = {
      "own.processed": (id) => inbox.markProcessed(id),
      "own.skipped": (id) => inbox.markSkipped(id),
      "own.failed": (id) => inbox.markFailed(id, "by itself"),
      "own.twice": async (id) => {
        await inbox.markProcessing(id)
        await inbox.markFailed(id, "no")
        assert.deepInclude(await inbox.markProcessed(id), { id, status: "processed" })
      }
    }
    for (const mode of ["leased", "transactional"] as const) {
      registry.subscribe("own.*", Consumer.make(mode, { mode }), async ({ deliveryId, eventName }) => {
        await marks[eventName]?.(deliveryId)
      })
    }
    registry.subscribe("held", "holder", async ({ deliveryId }) => {
      started.resolve(deliveryId)
      await released.promise
    })
    await all.start()
    const held = await all.publisher.publishEvent(event("held"))
    const deliveryId = await started.promise
    const busy = await Promise.all(
      [inbox.markProcessing(deliveryId), inbox.markProcessed(deliveryId), inbox.markFailed(deliveryId, "x")].map(
        rejection
      )
    )
    for (const error of busy) assert.include(error.message, "it is being handled, under a lease")
    released.resolve()
    assert.deepInclude((await all.integration.settled(held.id))[0], { status: "processed", attemptCount: 1 })
    for (const eventName of Object.keys(marks)) {
      const { id } = await all.publisher.publishEvent(event(eventName))
      const settled = await all.integration.settled(id)
      const expected = { "own.skipped": "skipped", "own.failed": "dead_letter" }[eventName] ?? "processed"
      assert.deepStrictEqual(
        settled.map(({ attemptCount, lastError, status }) => [status, attemptCount, lastError]),
        settled.map(() => [
          expected,
          expected === "dead_letter" ? 2 : 1,
          expected === "dead_letter" ? "Error: by itself" : null
        ]),
        eventName
      )
      assert.lengthOf(settled, 2)
    }
  })

  it("takes away what was taken by hand and not marked in time, and what a mark was waited for goes on", async () => {
    await using all = services({ processingLeaseMs: 1000, pollingIntervalMs: 100, idlePollingIntervalMs: 100 })
    const { inbox, registry } = all
    const { id } = await all.publisher.publishEvent(event("fenced"))
    const made = await inbox.getOrCreate(id, "fenced")
    await inbox.markProcessing(made.id)
    const handling = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    registry.subscribe("fenced", "fenced", async () => {
      handling.resolve()
      await released.promise
    })
    await all.start()
    await handling.promise
    const late = await rejection(inbox.markProcessed(made.id))
    assert.include(late.message, "it was held for too long, and its lease was ended")
    released.resolve()
    assert.deepInclude((await all.integration.settled(id))[0], { status: "processed", attemptCount: 2 })
  })

  it("lets go on what waits for a delivery that was marked by hand", async () => {
    await using all = services({ processorEnabled: false })
    const { inbox, processor, registry } = all
    const ordered = Consumer.make("ordered", { ordering: "aggregate", mode: "transactional" })
    registry.subscribe("in.order", ordered, async () => {})
    for (const [consumer, priority] of [
      ["high", 100],
      ["low", 0]
    ] as const) {
      registry.subscribe("by.priority", Consumer.make(consumer, { mode: "transactional" }), async () => {}, priority)
    }
    await all.start()
    const [first, second] = await all.publisher.publishEvents([event("in.order"), event("in.order")])
    const taken = await inbox.getOrCreate(first?.id ?? "", "ordered")
    const behind = await inbox.getOrCreate(second?.id ?? "", "ordered")
    await inbox.markProcessing(taken.id)
    // The second is parked behind the first, and nobody may go before.
    assert.strictEqual(await processor.processBatch(), 0)
    assert.include(
      (await rejection(inbox.markProcessed(behind.id))).message,
      "waits for an earlier event of its aggregate"
    )
    await inbox.markProcessed(taken.id)
    assert.strictEqual(await processor.processBatch(), 1)
    assert.isTrue(await inbox.isProcessed(second?.id ?? "", "ordered"))
    // The low one is due a hundred seconds later, or when the high one was attempted.
    const { id } = await all.publisher.publishEvent(event("by.priority"))
    await inbox.markProcessed((await inbox.getOrCreate(id, "high")).id)
    assert.strictEqual(await processor.processBatch(), 1)
    assert.isTrue(await inbox.isProcessed(id, "low"))
  })

  it("interrupts what a handler still calls after its timeout", async () => {
    await using all = services()
    const outlived = Promise.withResolvers<unknown>()
    const isOver = Promise.withResolvers<void>()
    const consumer = Consumer.make("slow", { timeout: "100 millis", maxAttempts: 1 })
    all.registry.subscribe("slow", consumer, async () => {
      await isOver.promise
      await all.publisher.publishEvent(event("too.late")).then(outlived.resolve, outlived.reject)
    })
    await all.start()
    const { id } = await all.publisher.publishEvent(event("slow"))
    await all.integration.settled(id)
    isOver.resolve()
    await rejection(outlived.promise)
    assert.strictEqual((await all.processor.getStats()).total, 1)
  })

  it("knows its handlers, serves those that come late, and forgets those that are removed", async () => {
    await using all = services()
    const { developerApi, registry } = all
    const seen: Array<string> = []
    const noting =
      (who: string) =>
      async ({ eventName }: HandledEvent) => {
        seen.push(`${who} ${eventName}`)
      }
    registry.registerHandler({ eventName: "known.a", consumerName: "first.low", handler: noting("low") })
    registry.subscribeMany([
      { eventName: "known.a", consumerName: "first.high", handler: noting("high"), priority: 5 },
      { eventName: "known.*", consumerName: "second", handler: noting("pattern") }
    ])
    assert.deepStrictEqual(
      registry.getHandlers("known.a").map(({ consumerName }) => consumerName),
      ["first.high", "first.low", "second"]
    )
    assert.isTrue(registry.hasHandlers("known.b"))
    assert.isFalse(registry.hasHandlers("unknown"))
    assert.deepStrictEqual(registry.getEventNames(), ["known.a", "known.*"])
    assert.strictEqual(registry.getHandlerCount(), 3)
    registry.removeByConsumerPrefix("first.l")
    assert.strictEqual(registry.getHandlerCount(), 2)
    assert.isFalse(all.coordinator.isRunning())
    await all.start()
    assert.isTrue(all.coordinator.isRunning())
    developerApi.subscribe({ eventName: "late.a", consumerName: "late", handler: noting("late") })
    developerApi.subscribeMany([{ eventName: "late.a", consumerName: "later", handler: noting("later") }])
    registry.registerSubscribers([
      Subscriber.make({
        consumer: "made",
        event: "late.*",
        handler: ({ name }) => Effect.sync(() => seen.push(`made ${name}`))
      })
    ])
    await all.start()
    assert.deepStrictEqual(
      registry.getHandlers("late.a").map(({ consumerName }) => consumerName),
      ["late", "later", "made"]
    )
    for (const eventName of ["known.a", "late.a"]) {
      await all.integration.settled((await all.publisher.publishEvent(event(eventName))).id)
    }
    assert.sameMembers(seen, ["high known.a", "pattern known.a", "late late.a", "later late.a", "made late.a"])
    assert.strictEqual((await all.processor.getStats()).handlerCount, 5)
    registry.removeByConsumerPrefix("late")
    await all.start()
    assert.strictEqual((await all.processor.getStats()).handlerCount, 3)
    registry.clear()
    await all.start()
    assert.strictEqual((await all.processor.getStats()).handlerCount, 0)
    assert.strictEqual(registry.getHandlerCount(), 0)
    // The subscription stays, and keeps events.
    const kept = await all.publisher.publishEvent(event("known.a"))
    assert.strictEqual(kept.status, "pending")
  })

  it("stops the loop and starts it again; by hand, it processes batches", async () => {
    await using all = services({ processorEnabled: false })
    const { coordinator, job, processor, registry } = all
    let handled = 0
    await unsupported(processor.processBatch(), "No handlers are there before the start")
    registry.subscribe("batch", "batches", async () => {
      handled++
    })
    await job.onModuleInit()
    assert.isTrue(coordinator.isRunning())
    await all.publisher.publishEvents(Array.from({ length: 30 }, () => event("batch")))
    // Leased deliveries are taken one by one.
    assert.strictEqual(await processor.processBatch(), 1)
    assert.strictEqual(await processor.processBatch({ batchSizeOverride: 5 }), 1)
    assert.strictEqual(await processor.startupDrain(), 28)
    assert.strictEqual(handled, 30)
    registry.subscribe("batch.own", Consumer.make("transactions", { mode: "transactional" }), async () => {
      handled++
    })
    await all.start()
    await all.publisher.publishEvents(Array.from({ length: 7 }, () => event("batch.own")))
    assert.strictEqual(await processor.processBatch({ batchSizeOverride: 4 }), 4)
    assert.strictEqual(await processor.processBatch(), 3)
    assert.include(
      (await rejection(processor.processBatch({ batchSizeOverride: 0 }))).message,
      "batchSizeOverride of OutboxProcessor.processBatch is 0, expected an integer from 1 to 500"
    )
    await job.onModuleDestroy()
    assert.isFalse(coordinator.isRunning())
    assert.strictEqual((await processor.getStats()).handlerCount, 0)
    await coordinator.startProcessingLoop()
    await coordinator.startProcessingLoop()
    assert.strictEqual((await processor.getStats()).handlerCount, 2)
    await coordinator.stopProcessingLoop()
  })

  it("tells listeners that somebody may have work, and reads its settings", async () => {
    await using all = services({ maxAttempts: 7 })
    const { notifier } = all
    let told = 0
    const listener = () => {
      told++
    }
    notifier.subscribe(listener)
    notifier.subscribe(() => {
      throw new Error("a listener of its own")
    })
    assert.strictEqual(notifier.getSubscriberCount(), 2)
    notifier.notifyEventWritten()
    assert.strictEqual(told, 1)
    all.registry.subscribe("told", "told", async () => {})
    await all.start()
    const before = told
    await all.publisher.publishEvent(event("told"))
    assert.isAbove(told, before)
    notifier.unsubscribe(listener)
    assert.strictEqual(notifier.getSubscriberCount(), 1)
    notifier.removeAllListeners()
    assert.strictEqual(notifier.getSubscriberCount(), 0)
    assert.deepStrictEqual(await all.settings.getRuntimeSettings(), {
      outboxEnabled: true,
      outboxProcessorEnabled: true,
      startupDrainEnabled: true,
      pollingIntervalMs: 3_600_000,
      idlePollingIntervalMs: 3_600_000,
      batchSize: 10,
      startupDrainBatchSize: 50,
      maxAttempts: 7,
      processingLeaseMs: 30_000,
      retryBaseDelayMs: 100,
      deadLetterEnabled: true
    })
  })

  it("refuses what has no meaning here, and says what to call instead", async () => {
    await using all = services()
    const { inbox, links, outbox, publisher } = all
    const client = { $executeRaw: () => undefined }
    const made = await publisher.publishEvent(event("refused"))
    for (const refusal of [
      publisher.publishEvent(event("refused"), { persistenceClient: client }),
      publisher.publishEvent("refused", "finance", "Invoice", "i1", {}, {}, { persistenceClient: client }),
      publisher.publishEvents([event("refused")], { persistenceClient: client }),
      outbox.createEvent(event("refused"), client),
      links.createLink(linkOf("refused"), client)
    ]) {
      await unsupported(refusal, "do both in IntegrationServices.transaction, with its sql")
    }
    assert.strictEqual((await all.processor.getStats()).total, 1)
    assert.strictEqual(await links.countFromModule("finance"), 0)
    await unsupported(outbox.findPendingAndLock(10, 1000), "OutboxProcessor.processBatch")
    await unsupported(outbox.markProcessing(made.id, 1000), "InboxService.markProcessing")
    await unsupported(outbox.incrementAttempt(made.id), "InboxService.markFailed")
    await unsupported(outbox.updateStatus(made.id, "failed"), "follows from its deliveries")
    await unsupported(outbox.updateStatus(made.id, "pending"), "None of this one has: it is processed")
    await unsupported(outbox.updateStatus(made.id, "pending", { attemptCount: 0 }), "attemptCount: attempts, errors")
    assert.instanceOf(await rejection(outbox.updateStatus("no id", "pending")), Errors.EventNotFound)
    const delivery = await inbox.getOrCreate(made.id, "somebody")
    await unsupported(outbox.updateStatus(made.id, "processed"), "still to be handled by somebody")
    await unsupported(inbox.incrementAttempt(delivery.id), "An attempt is counted with its mark")
    await unsupported(
      inbox.updateStatus(delivery.id, "processed", { attemptCount: 3 }),
      "attemptCount: attempts and times"
    )
    await unsupported(inbox.updateStatus(delivery.id, "dead_letter"), "none that can be set")
  })
})

describe("wrong calls are named where they are made", () => {
  const memory = () => createServices({ memory: true, settings })
  const handler = async () => {}

  it("handlers that cannot be any, and two of one consumer for an event", async () => {
    await using all = memory()
    const { registry } = all
    const message = (call: () => unknown) => thrown(call).message
    assert.strictEqual(
      message(() => registry.registerHandler({ consumer: "a", event: "b", handler } as never)),
      "Option eventName of EventSubscriberRegistry is undefined, expected the name of an event, or a pattern."
    )
    assert.include(
      message(() => registry.subscribe("a", undefined as never, handler)),
      "consumerName"
    )
    assert.include(
      message(() => registry.subscribe("a", "b", undefined as never)),
      'handler of EventSubscriberRegistry is undefined, expected a function, for consumer "b" and event "a"'
    )
    assert.include(
      message(() => registry.registerSubscribers([{} as never])),
      "subscribers[0]"
    )
    registry.subscribe("twice", "same", handler)
    assert.match(
      message(() =>
        registry.subscribeMany([
          { eventName: "else", consumerName: "x", handler },
          { eventName: "tw*", consumerName: "same", handler }
        ])
      ),
      /^Consumer "same" already handles "twice" \(services\.test\.ts:\d+\), which overlaps with "tw\*", and is to do so again \(services\.test\.ts:\d+\)\. A consumer/
    )
    // All, or none.
    assert.deepStrictEqual(registry.getEventNames(), ["twice"])
  })

  it("events that are none", async () => {
    await using all = memory()
    const expected = "expected one object: { eventName, sourceModule, aggregateType, aggregateId, payload }"
    for (const given of ["x.y", undefined, null]) {
      assert.include((await rejection(all.publisher.publishEvent(given as never))).message, expected)
      assert.include((await rejection(all.outbox.createEvent(given as never))).message, expected)
      assert.include((await rejection(all.publisher.publishEvents([given as never]))).message, expected)
    }
    const misspelt = { ...event("x.y"), playload: {} }
    assert.include((await rejection(all.publisher.publishEvent(misspelt))).message, "playload")
    assert.include((await rejection(all.publisher.publishEvent("x.y", "finance", "", "1"))).message, "aggregateType")
  })

  it("an integration that is nowhere, and one that somebody else made", async () => {
    assert.include(thrown(() => createServices({} as never)).message, "Option database of createIntegration")
    const integration = createIntegration({ memory: true, settings })
    const all = createServices(integration)
    assert.strictEqual(all.integration, integration)
    const { id } = await integration.publishEvent(event("both"))
    assert.strictEqual((await all.outbox.getById(id))?.eventName, "both")
    await all.stop()
    assert.instanceOf(await rejection(integration.publishEvent(event("late"))), Errors.IntegrationStopped)
    assert.instanceOf(await rejection(all.start()), Errors.IntegrationStopped)
  })

  it("a handler that cannot be registered after the start is said in the log, and by the next start", async () => {
    const said: Array<string> = []
    const log = (...words: ReadonlyArray<unknown>) => {
      said.push(words.join(" "))
    }
    const logger = { log, error: log, warn: log, debug: log, verbose: log }
    await using all = createServices({ memory: true, settings }, { logger })
    all.registry.subscribe("fine", Consumer.make("shared", { maxAttempts: 3 }), handler)
    await all.start()
    all.registry.subscribe("other", Consumer.make("shared", { maxAttempts: 4 }), handler)
    assert.instanceOf(await rejection(all.start()), Errors.ConsumerConflict)
    assert.lengthOf(said, 1)
    assert.match(
      said[0] ?? "",
      /^Handlers were not registered: shared \(other\)\. The next start tries again: ConsumerConflict: /
    )
    all.registry.removeByConsumerPrefix("shared")
    await all.start()
  })

  it("a handler that comes while the start is under way is served, and nothing else is said", async () => {
    const said: Array<string> = []
    const log = (...words: ReadonlyArray<unknown>) => {
      said.push(words.join(" "))
    }
    await using all = createServices(
      { memory: true, settings },
      { logger: { log, error: log, warn: log, debug: log, verbose: log } }
    )
    const handled: Array<string> = []
    const started = all.start()
    all.registry.subscribe("meanwhile", "two", async ({ eventName }) => {
      handled.push(eventName)
    })
    await started
    // What was asked for first is done first.
    await all.start()
    const { id } = await all.publisher.publishEvent(event("meanwhile"))
    await all.integration.settled(id)
    assert.deepStrictEqual(handled, ["meanwhile"])
    assert.deepStrictEqual(said, [])
  })

  it("a listener that polls whenever it is told makes few polls of many, and the last one is not forgotten", async () => {
    const integration = createIntegration({ memory: true, settings })
    let polls = 0
    const run: typeof integration.run = (effect) => {
      polls++
      return integration.run(effect)
    }
    await using all = createServices({ ...integration, run })
    all.notifier.subscribe(() => all.coordinator.triggerImmediateProcessing())
    await all.start()
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    polls = 0
    const began = performance.now()
    while (polls < 5) {
      all.notifier.notifyEventWritten()
      await turn()
    }
    // The first one at once, each of the others a tenth of a second later: timers may be a millisecond early.
    assert.isAtLeast(performance.now() - began, 395)
    all.notifier.notifyEventWritten()
    while (polls < 6) await turn()
  })

  it("handlers log with what they are given, also when they are subscribers of Effect", async () => {
    const said: Array<string> = []
    const log = (...words: ReadonlyArray<unknown>) => {
      said.push(words.join(" "))
    }
    await using all = createServices(
      {
        memory: true,
        settings,
        subscribers: [Subscriber.make({ consumer: "effects", event: "said", handler: () => Effect.void })]
      },
      { logger: { log, error: log, warn: log, debug: log, verbose: log } }
    )
    all.registry.subscribe("said", "talker", (_, { logger }: SubscriberContext) => logger.log("hello", "there"))
    await all.start()
    const { id } = await all.publisher.publishEvent(event("said"))
    assert.lengthOf(await all.integration.settled(id), 2)
    assert.deepStrictEqual(said, ["hello there"])
  })
})
