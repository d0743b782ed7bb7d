/** Subscribers as classes: standard and legacy decorators, in every toolchain the guide names. */
import { execFile } from "node:child_process"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type HandlerContext, InboxStore, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { Consumer, Subscribe } from "../../src/subscribing/Decorators.ts"
import { Audit, InvoiceCreated, InvoicePaid, log, TaskHandlers } from "../decorators/handlers.ts"
import { serve, unpolled, until } from "../support/scenario.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const run = promisify(execFile)
const bin = (name: string) => join(root, "node_modules", ".bin", name)
const fixture = (name: string) => join(root, "test", "decorators", name)

const expected = ["task for 1: 10", "task of 1 closed", "noted task.closed"]

describe("toolchains", () => {
  let out = ""
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), "decorators-"))
    await symlink(join(root, "node_modules"), join(out, "node_modules"))
    await writeFile(join(out, "package.json"), '{"type":"module"}')
  })
  afterAll(() => rm(out, { recursive: true, force: true }))

  const printed = async (command: string, args: ReadonlyArray<string>) =>
    JSON.parse((await run(command, [...args], { cwd: root })).stdout.trim().split("\n").at(-1) ?? "")

  for (const kind of ["standard", "legacy"]) {
    it(`TypeScript 7 (${kind})`, async () => {
      const dist = join(out, `tsc-${kind}`)
      await run(
        process.execPath,
        [join(root, "node_modules/typescript/bin/tsc"), "-p", fixture(`tsconfig.${kind}.json`), "--outDir", dist],
        { cwd: root }
      )
      assert.deepStrictEqual(await printed(process.execPath, [join(dist, "test/decorators/main.js")]), expected)
    })

    it(`esbuild (${kind})`, async () => {
      const file = join(out, `esbuild-${kind}.js`)
      const config = `--tsconfig=${fixture(`tsconfig.${kind}.json`)}`
      const flags = ["--bundle", "--packages=external", "--platform=node", "--format=esm", "--target=es2022"]
      await run(bin("esbuild"), [fixture("main.ts"), ...flags, config, `--outfile=${file}`], { cwd: root })
      assert.deepStrictEqual(await printed(process.execPath, [file]), expected)
    })

    it(`tsx (${kind})`, async () => {
      const config = fixture(`tsconfig.${kind}.json`)
      assert.deepStrictEqual(await printed(bin("tsx"), ["--tsconfig", config, fixture("main.ts")]), expected)
    })
  }
})

const live = Integration.layerMemory({ settings: { ...unpolled, retryBaseDelayMs: 100, maxAttempts: 1 } })

layer(live, { excludeTestServices: true })("decorated classes in vitest", (it) => {
  it.effect("are the subscribers that Subscriber.make builds", () =>
    Effect.gen(function* () {
      log.length = 0
      const subscribers = Subscriber.fromClass(TaskHandlers)
      assert.deepStrictEqual(
        subscribers.map((_) => [_.consumer.name, _.events, _.priority, _.consumer.options.ordering]),
        [
          ["operations.tasks", ["invoice.created"], 5, "aggregate"],
          ["operations.tasks", ["invoice.paid"], 0, "aggregate"],
          ["operations.tasks", ["task.*"], 0, "aggregate"]
        ]
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* serve(...subscribers)
          yield* Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: 10 })
          const paid = yield* Publisher.publish(InvoicePaid, { invoiceId: "1" })
          yield* Processor.use((processor) => Effect.andThen(processor.settled(paid.id), processor.drain))
        })
      )
      assert.deepStrictEqual(log, expected)
    })
  )

  it.effect("a method that is not async and returns a promise has to say how its deliveries are held", () =>
    Effect.gen(function* () {
      @Consumer("unclear")
      class Unclear {
        @Subscribe(InvoicePaid)
        later(_event: unknown) {
          return Promise.reject(new Error("nobody waits for this"))
        }
      }
      yield* serve(...Subscriber.fromClass(Unclear))
      const event = yield* Publisher.publish(InvoicePaid, { invoiceId: "3" })
      const delivery = InboxStore.use((inbox) =>
        Effect.map(inbox.findByEvent(event.id), (all) => all.find((_) => _.consumer === "unclear"))
      )
      const dead = yield* until(delivery, (found) => found?.status === "dead_letter")
      assert.strictEqual(
        dead?.lastError,
        'PromiseHandlerMode: Handler "later" of consumer "unclear" returns a promise. Say how in the consumer\'s options: mode: "transactional" if everything it writes goes through ctx.sql, ctx.links and ctx.publish, else mode: "leased".'
      )
    })
  )

  it.effect("a subclass has the methods of its base, its own overrides, and its own consumer", () =>
    Effect.gen(function* () {
      log.length = 0
      const problems = Subscriber.fromClass(Audit)
      assert.deepStrictEqual(
        problems.map((_) => [_.consumer.name, _.events[0]]),
        [
          ["operations.audit", "invoice.created"],
          ["operations.audit", "invoice.paid"],
          ["operations.audit", "task.*"]
        ]
      )
      const [creating] = problems
      // It has an async method, and does not say how its deliveries are held.
      assert.strictEqual(creating?.consumer.options.mode, "leased")
      yield* serve(...(creating === undefined ? [] : [creating]))
      const event = yield* Publisher.publish(InvoiceCreated, { invoiceId: "2", amount: 1 })
      const audit = InboxStore.use((inbox) =>
        Effect.map(inbox.findByEvent(event.id), (all) => all.find((_) => _.consumer === "operations.audit"))
      )
      yield* until(audit, (delivery) => delivery?.status === "dead_letter")
      assert.deepStrictEqual(log, ["audit of 2"])
    })
  )

  it.effect("work on objects that somebody else made, with what they were given", () =>
    Effect.gen(function* () {
      @Consumer("injected", { mode: "transactional" })
      class Injected {
        readonly seen: Array<string> = []
        readonly name: string
        constructor(name: string) {
          this.name = name
        }
        @Subscribe("injected.*")
        async handle(event: { readonly name: string }, context: HandlerContext) {
          await Promise.resolve()
          if (context.signal.aborted) throw new Error("aborted")
          this.seen.push(`${this.name} ${event.name}`)
        }
      }
      const object = new Injected("container")
      yield* serve(...Subscriber.fromInstance(object))
      const event = yield* Publisher.publishEvent({
        eventName: "injected.one",
        sourceModule: "tests",
        aggregateType: "Thing",
        aggregateId: "1",
        payload: null
      })
      yield* Processor.use((processor) => processor.settled(event.id))
      assert.deepStrictEqual(object.seen, ["container injected.one"])
    })
  )

  it.effect("a promise that only the call shows fails the attempt, and a timeout aborts the signal", () =>
    Effect.gen(function* () {
      const aborted: Array<boolean> = []
      @Consumer("hidden")
      class Hidden {
        @Subscribe("hidden.*")
        handle(): Promise<void> {
          return Promise.resolve()
        }
      }
      @Consumer("slow", { mode: "transactional", timeout: 30 })
      class Slow {
        @Subscribe("hidden.*")
        async handle(_: unknown, { signal }: HandlerContext) {
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
          aborted.push(signal.aborted)
        }
      }
      yield* serve(...Subscriber.fromClass(Hidden), ...Subscriber.fromClass(Slow))
      const event = yield* Publisher.publishEvent({
        eventName: "hidden.one",
        sourceModule: "tests",
        aggregateType: "Thing",
        aggregateId: "1",
        payload: null
      })
      yield* Processor.use((processor) => processor.settled(event.id))
      const deliveries = yield* InboxStore.use((inbox) => inbox.findByEvent(event.id))
      assert.deepStrictEqual(
        deliveries.map((_) => [_.consumer, _.errorTag]),
        [
          ["hidden", "PromiseHandlerMode"],
          ["slow", "HandlerTimeout"]
        ]
      )
      yield* until(
        Effect.sync(() => aborted),
        ([first]) => first === true
      )
    })
  )

  it("a container tells what is decorated, wholly or in part", () => {
    class Plain {}
    class Listens {
      @Subscribe("x.*")
      handle() {}
    }
    @Consumer("asked")
    class Named {}
    class Sub extends TaskHandlers {}
    const decorated = [new TaskHandlers(), new Sub(), new Named(), new Listens()]
    assert.deepStrictEqual(decorated.map(Subscriber.isDecorated), [true, true, true, true])
    const others = [new Plain(), {}, Object.create(null), null, undefined, "text", () => 1]
    assert.deepStrictEqual(others.filter(Subscriber.isDecorated), [])
  })

  it.effect("what is not decorated, or cannot be, is refused", () =>
    Effect.gen(function* () {
      class Plain {
        handle() {}
      }
      assert.strictEqual(
        (yield* Effect.flip(serve(...Subscriber.fromClass(Plain)))).message,
        'Class Plain has no @Consumer("name"): whose mailbox its methods drain is not known. Of objects that may have no decorators, ask Subscriber.isDecorated(instance) first.'
      )
      @Consumer("empty")
      class Empty {
        handle() {}
      }
      assert.strictEqual(
        (yield* Effect.flip(serve(...Subscriber.fromClass(Empty)))).message,
        "Class Empty has no method with @Subscribe(event): it would handle nothing. If it has, the decorators were not run: see docs/decorators.md for the compiler's setting."
      )
      assert.throws(
        () =>
          class {
            @Subscribe("x")
            static handle() {}
          },
        "@Subscribe cannot be used on handle: the method has to be public and not static."
      )
    })
  )
})
