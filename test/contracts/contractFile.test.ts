/** `Testing.contracts`: one line of a suite keeps a file of contracts, and fails when one is broken. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { DomainEvent } from "../../src/index.ts"
import * as Testing from "../../src/testing.ts"

const { Finite, String: Text, Struct, optionalKey } = Schema

const V1 = Struct({ id: Text, amount: Finite })
const V2 = Struct({ id: Text, cents: Finite })

const define = <A, I>(payload: Schema.Codec<A, I> | DomainEvent.Versions<A>, version?: number) =>
  DomainEvent.define("invoice.created", {
    sourceModule: "finance",
    aggregateType: "Invoice",
    aggregateId: () => "1",
    payload,
    ...(version === undefined ? {} : { version })
  })

const both = DomainEvent.versions(V1)
  .next(V2)
  .from(({ amount, id }) => ({ id, cents: amount * 100 }))

const inDirectory = <E>(test: (file: string) => Effect.Effect<void, E>) =>
  Effect.acquireUseRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "contracts-"))),
    (directory) => test(join(directory, "contracts.json")),
    (directory) => Effect.promise(() => rm(directory, { recursive: true }))
  )

interface File {
  contracts: Array<{ version: number; golden: Array<Schema.Json>; owner: string | null }>
}

const read = (file: string) => Effect.promise(async (): Promise<File> => JSON.parse(await readFile(file, "utf8")))

const change = (file: string, edit: (content: File) => void) =>
  Effect.flatMap(read(file), (content) => {
    edit(content)
    return Effect.promise(() => writeFile(file, JSON.stringify(content)))
  })

const write = { write: true }

it.live("is written when it is not there, and grows with what breaks nothing; golden payloads stay", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      yield* Testing.contracts([define(V1)], file, write)
      yield* change(file, ({ contracts: [first] }) => first?.golden.push({ id: "1", amount: 2 }))
      yield* Testing.contracts([define(both)], file, write)
      assert.deepStrictEqual(
        (yield* read(file)).contracts.map(({ golden, version }) => [version, golden]),
        [
          [1, [{ id: "1", amount: 2 }]],
          [2, []]
        ]
      )
      const text = yield* Effect.promise(() => readFile(file, "utf8"))
      yield* Testing.contracts([define(both)], file, { write: false })
      assert.strictEqual(yield* Effect.promise(() => readFile(file, "utf8")), text)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(file, ".."))), ["contracts.json"])
    })
  )
)

it.live("versions that a later schema reads stay in it", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      yield* Testing.contracts([define(V1)], file, write)
      yield* Testing.contracts([define(Struct({ id: Text }), 2)], file, write)
      assert.deepStrictEqual(
        (yield* read(file)).contracts.map(({ version }) => version),
        [1, 2]
      )
    })
  )
)

it.live("a broken contract fails with what breaks, and the file stays", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      yield* Testing.contracts([define(V1)], file, write)
      const before = yield* read(file)
      const error = yield* Effect.flip(Testing.contracts([define(V2)], file, write))
      assert.strictEqual(error._tag, "ContractsBroken")
      assert.match(error.message, /^Contracts of .*contracts\.json are broken:/)
      assert.include(error.message, "invoice.created version 1, cents: was added and has to be there.")
      assert.include(error.message, ".next(schema).from(...)")
      assert.include(error.message, "for example {")
      assert.deepStrictEqual(yield* read(file), before)
    })
  )
)

it.live("where nothing is to be written, what is new fails and says what", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Testing.contracts([define(both)], file, { write: false }))
      assert.strictEqual(error._tag, "ContractsOutdated")
      assert.include(error.message, "is behind the code: invoice.created version 1, invoice.created version 2.")
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(file, ".."))), [])
    })
  )
)

it.live("a variable decides when nobody says", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      const before = process.env.CI
      yield* Effect.acquireUseRelease(
        Effect.sync(() => {
          process.env.CI = "true"
        }),
        () => Effect.flip(Testing.contracts([define(V1)], file)),
        () =>
          Effect.sync(() => {
            if (before === undefined) delete process.env.CI
            else process.env.CI = before
          })
      )
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(file, ".."))), [])
    })
  )
)

it.live.each([
  ["no JSON", "{"],
  ["half a contract", '{"contracts":[{"eventName":"a"}]}']
] as const)("a file with %s is refused by name, and stays", ([, text]) =>
  inDirectory((file) =>
    Effect.gen(function* () {
      yield* Effect.promise(() => writeFile(file, text))
      const error = yield* Effect.flip(Testing.contracts([define(V1)], file, write))
      assert.strictEqual(error._tag, "ContractFileInvalid")
      assert.include(error.message, `${file} cannot be read as contracts:`)
      assert.strictEqual(yield* Effect.promise(() => readFile(file, "utf8")), text)
    })
  )
)

it.live("a step that throws fails also before anything is committed, and no entry is to be deleted for it", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      const throwing = DomainEvent.versions(V1)
        .next(V2)
        .from((): { id: string; cents: number } => {
          throw new Error("not yet")
        })
      for (const [definition, before] of [[define(throwing)], [define(throwing), define(V1)]] as const) {
        if (before !== undefined) yield* Testing.contracts([before], file, write)
        const error = yield* Effect.flip(Testing.contracts([definition], file, write))
        assert.strictEqual(error._tag, "ContractsBroken")
        assert.include(error.message, "cannot be read, from version 1 to 2: Error: not yet")
        assert.notInclude(error.message, "delete its entry")
      }
    })
  )
)

it.live("a directory that is not there is told", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Testing.contracts([define(V1)], join(file, "deeper.json"), write))
      assert.include(error.message, "ENOENT")
      assert.include(error.message, "It has to be a file, in a directory that there is")
    })
  )
)

it.live("an optional field is written as it is now", () =>
  inDirectory((file) =>
    Effect.gen(function* () {
      yield* Testing.contracts([define(V1)], file, write)
      const wider = define(Struct({ ...V1.fields, note: optionalKey(Text) }))
      const error = yield* Effect.flip(Testing.contracts([wider], file, { write: false }))
      assert.strictEqual(error._tag, "ContractsOutdated")
      yield* Testing.contracts([wider], file, write)
      yield* Testing.contracts([wider], file, { write: false })
    })
  )
)
