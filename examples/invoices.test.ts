/** A user's tests: handlers on the in-memory layer, with time, retries and faults under control. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import {
  Consumer,
  DomainEvent,
  IntegrationMemory,
  LinkStore,
  MemoryDatabase,
  Publisher,
  Subscriber
} from "../src/index.ts"
import * as Testing from "../src/testing.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

const TaskCreated = DomainEvent.define("task.created", {
  sourceModule: "operations",
  aggregateType: "Task",
  aggregateId: (task) => task.taskId,
  payload: Schema.Struct({ taskId: Schema.String })
})

/** The application's code under test, with its own state: in memory it rolls back with the handler. */
const makeOperations = Effect.gen(function* () {
  const tasks = yield* MemoryDatabase.ref<ReadonlyArray<string>>([])
  const createTask = Subscriber.make({
    consumer: Consumer.make("operations.tasks", { maxAttempts: 5 }),
    event: InvoiceCreated,
    handler: Effect.fn("createTask")(function* (event) {
      const taskId = `task-${event.payload.invoiceId}`
      yield* tasks.update((all) => [...all, taskId])
      const target = { module: "operations", entityType: "Task", entityId: taskId }
      yield* LinkStore.create({ source: event.aggregate, target, linkType: "cascade" })
      yield* Publisher.publish(TaskCreated, { taskId })
      if (event.payload.amount < 0) return yield* Subscriber.fatal(new Error("negative amount"))
    })
  })
  return { createTask, tasks }
})

const invoice = (invoiceId: string, amount = 100) => DomainEvent.publication(InvoiceCreated, { invoiceId, amount })

it.effect("an invoice becomes a task, a link and an event", () =>
  Effect.gen(function* () {
    const { createTask, tasks } = yield* makeOperations
    yield* Layer.build(Subscriber.layer(createTask))
    const [delivery] = yield* Testing.deliver(invoice("1"))
    assert.strictEqual(delivery?.status, "processed")
    assert.deepStrictEqual(yield* tasks.get, ["task-1"])
    assert.deepStrictEqual(
      (yield* Testing.published(TaskCreated)).map((event) => event.payload.taskId),
      ["task-1"]
    )
  }).pipe(Effect.provide(IntegrationMemory))
)

it.effect("what fails is retried, and nothing shows twice", () =>
  Effect.gen(function* () {
    const { createTask, tasks } = yield* makeOperations
    // Fails twice, then the process dies before the commit, then it works. The clock is vitest's: no waiting.
    yield* Layer.build(Subscriber.layer(Testing.withFaults(createTask, { fail: [1, 2], crash: 3 })))
    yield* Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: 100 })
    yield* Testing.settled()
    assert.deepStrictEqual(yield* tasks.get, ["task-1"])
    assert.lengthOf(yield* Testing.published(TaskCreated), 1)
    assert.deepInclude((yield* Testing.deliveries("operations.tasks"))[0], { status: "processed", attemptCount: 3 })
  }).pipe(Effect.provide(IntegrationMemory))
)

it.effect("a dead letter leaves nothing behind", () =>
  Effect.gen(function* () {
    const { createTask, tasks } = yield* makeOperations
    yield* Layer.build(Subscriber.layer(createTask))
    const [delivery] = yield* Testing.deliver(invoice("1", -5))
    assert.deepInclude(delivery, { status: "dead_letter", lastError: "Error: negative amount" })
    assert.isEmpty(yield* tasks.get)
    assert.isEmpty(yield* Testing.published(TaskCreated))
  }).pipe(Effect.provide(IntegrationMemory))
)
