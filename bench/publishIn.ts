/**
 * Publishing in transactions of other clients: BEGIN, a row of the application's own, one event with its delivery, COMMIT, one and ten at
 * once; beside two INSERTs that store as much through the same client. And what it costs that commits wake, for 1, 10 and 100 publishers.
 */
import { Effect } from "effect"
import { publisherIn } from "../src/index.ts"
import type { AnyTransactionClient } from "../src/stores/TransactionClient.ts"
import { transactionClients } from "../test/support/transactionClients.ts"
import { type Bench, type Run, type Side, throughput } from "./harness/model.ts"
import { type Payload, payloads } from "./harness/work.ts"
import { consumerName, Happened, publisherOf } from "./here.ts"

const insertEvent = `
  INSERT INTO integration_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
  VALUES ($1::text::uuid, '${Happened.name}', 'bench', 'Thing', $2::text, $3::text::jsonb, now())`

const insertDelivery = `
  INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, position)
  SELECT gen_random_uuid(), id, '${consumerName()}', event_name, position FROM integration_event WHERE id = $1::text::uuid`

/** What an application writes of its own. */
const createOwn = "CREATE TABLE own (id text NOT NULL)"

/** Runs `work` for all payloads, so many at a time. */
const atOnce = async (publishers: number, items: Iterable<Payload>, work: (item: Payload) => Promise<unknown>) => {
  // One iterator: each payload is one publisher's.
  const all = items[Symbol.iterator]()
  const publisher = async () => {
    for (let item = all.next(); item.done !== true; item = all.next()) await work(item.value)
  }
  await Promise.all(Array.from({ length: publishers }, publisher))
}

/** In a process that has been running for a while, V8 has compiled what is hot: under load, it goes on with that for so long (`--trace-opt`). */
const warmUpMillis = 10_000

const untilWarm = function* () {
  for (const end = performance.now() + warmUpMillis; performance.now() < end; ) yield* payloads(1)
}

type Publish = (client: AnyTransactionClient, tx: unknown, payload: Payload) => Promise<unknown>

interface Publishing {
  readonly client: string
  readonly publishers: number
  readonly notifyEnabled: boolean
}

const measure = async (run: Run, { client: name, notifyEnabled, publishers }: Publishing, own?: Publish) => {
  const runtime = await publisherOf(run.url, 1, { integration: { settings: { notifyEnabled } } })
  const make = transactionClients[name]
  if (make === undefined) throw new Error(`There is no client ${name}`)
  const place = { connectionString: run.url, schema: "public", max: publishers, applicationName: undefined }
  const { client, end } = make(place)
  const publish: Publish =
    own ?? ((client, tx, payload) => runtime.runPromise(publisherIn(tx, client).publish(Happened, payload)))
  await client.transaction(async (tx) => {
    await client.query(tx, createOwn, [])
  })
  const one = (payload: Payload) =>
    client.transaction(async (tx) => {
      await client.query(tx, "INSERT INTO own (id) VALUES ($1::text)", [payload.id])
      await publish(client, tx, payload)
    })
  await atOnce(publishers, untilWarm(), one)
  const timed = await run.timed(() => atOnce(publishers, payloads(run.size), one))
  await end()
  await runtime.runPromise(Effect.void)
  await runtime.dispose()
  return throughput(run.size, timed)
}

const twoInserts: Publish = async (client, tx, payload) => {
  const id = crypto.randomUUID()
  await client.query(tx, insertEvent, [id, payload.id, JSON.stringify(payload)])
  await client.query(tx, insertDelivery, [id])
}

const sidesOf = (client: string): ReadonlyArray<Side> =>
  [1, 10].flatMap((publishers): ReadonlyArray<Side> => {
    const publishing = { client, publishers, notifyEnabled: true }
    return [
      {
        name: `${publishers} of ${client}, two INSERTs`,
        role: "here",
        measure: (run) => measure(run, publishing, twoInserts)
      },
      { name: `${publishers} of ${client}, publisherIn`, role: "here", measure: (run) => measure(run, publishing) }
    ]
  })

const crowd = (publishers: number, notifyEnabled: boolean): Side => ({
  name: `${publishers} of pg, ${notifyEnabled ? "told" : "silent"}`,
  role: "here",
  measure: (run) => measure(run, { client: "pg", publishers, notifyEnabled })
})

export default {
  title: "publish in transactions of other clients",
  size: { short: 3000, long: 5000 },
  sides: [
    ...Object.keys(transactionClients).flatMap(sidesOf),
    ...[10, 100].flatMap((publishers) => [crowd(publishers, false), crowd(publishers, true)])
  ]
} satisfies Bench
