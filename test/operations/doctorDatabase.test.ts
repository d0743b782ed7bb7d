/** What the doctor finds of a PostgreSQL server, its tables, its connections, and of other processes. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Consumer, Integration, Publisher, ReplicaStore, Subscriber, Transactor } from "../../src/index.ts"
import { clientFor, postgres, uniqueSchema, withSchema } from "../support/databases.ts"
import { deafProxy } from "../support/deafProxy.ts"
import { checkOf, examined, findingsOf, subscribed } from "../support/doctors.ts"
import { transactionPooler } from "../support/pooler.ts"
import { eventsOf, serve, services, type Thing, unpolled, until } from "../support/scenario.ts"

const handler = () => Effect.void

/** A name of the schema of the tables. */
const schemaName = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ name: string }>`SELECT current_schema() AS name`, ([row]) => row?.name ?? "")
)

/** Another connection to the server, until the scope closes. */
const elsewhere = (application: string) =>
  Effect.map(
    Layer.build(
      PgClient.layer({ url: Redacted.make(inject("postgresUrl")), applicationName: application, maxConnections: 1 })
    ),
    (context) => Effect.provideContext(SqlClient.SqlClient, context)
  ).pipe(Effect.flatten)

describe("of the server", () => {
  it.live("a long transaction by its pid and application, without what it runs; one that was prepared", () =>
    Effect.gen(function* () {
      const other = yield* elsewhere("a report")
      const scope = yield* Scope.fork(yield* Effect.scope)
      const held = yield* Scope.provide(other.reserve, scope)
      const query = (text: string) => held.executeRaw(text, [])
      yield* query("BEGIN")
      yield* query("SELECT pg_current_xact_id()::text, 'a secret'")
      const [pid] = (yield* held.execute("SELECT pg_backend_pid() AS pid", [], undefined)) as ReadonlyArray<{
        pid: number
      }>
      assert.deepStrictEqual(findingsOf(yield* examined(), "long-transaction", String(pid?.pid)), [])
      const [long] = findingsOf(
        yield* until(
          examined({ transactionAge: 0 }),
          (_) => findingsOf(_, "long-transaction", String(pid?.pid)).length > 0
        ),
        "long-transaction",
        String(pid?.pid)
      )
      assert.match(
        long?.detail ?? "",
        /for "a report" as role "postgres", has had a transaction open for .*; it is idle in transaction\.$/
      )
      assert.notInclude(JSON.stringify(long), "secret")
      assert.strictEqual(long?.command, `SELECT pg_terminate_backend(${pid?.pid});`)
      const gid = uniqueSchema()
      yield* query(`PREPARE TRANSACTION '${gid}'`)
      const [left] = findingsOf(yield* examined({ transactionAge: 0 }), "prepared-transaction-left", gid)
      assert.strictEqual(left?.command, `ROLLBACK PREPARED '${gid}';`)
      yield* query(`ROLLBACK PREPARED '${gid}'`)
      const after = yield* examined({ transactionAge: 0 })
      assert.deepStrictEqual(findingsOf(after, "prepared-transaction-left", gid), [])
      yield* Scope.close(scope, Exit.void)
    }).pipe(Effect.scoped, Effect.provide(services(postgres())))
  )

  it.live("clocks that differ, also when the answer takes its time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(findingsOf(yield* examined(), "clock-difference"), [])
      const clock = yield* Clock.Clock
      const shifted = (millis: number): Clock.Clock =>
        Object.assign(Object.create(clock), {
          currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + millis,
          currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis)
        })
      const at = (millis: number) => Effect.provideService(examined(), Clock.Clock, shifted(millis))
      const [ahead] = findingsOf(yield* at(90_000), "clock-difference")
      assert.match(
        ahead?.detail ?? "",
        /^The clock of this process is 1 minute (29|30) seconds ahead of that of the database\.$/
      )
      const [behind] = findingsOf(yield* at(-90_000), "clock-difference")
      assert.match(behind?.detail ?? "", / behind that of the database\.$/)
    }).pipe(Effect.provide(services(postgres())))
  )

  it.live("a table that is mostly dead, autovacuum that is off for one, and events without retention", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const schema = yield* schemaName
      yield* Publisher.publishAll(eventsOf("kept").happenings(500))
      yield* sql`ALTER TABLE integration_event SET (autovacuum_enabled = false)`
      yield* sql`DELETE FROM integration_event WHERE position % 2 = 0`
      // Sessions tell the server's statistics of what they did when they have been idle for a while.
      const isTold = sql<{ dead: number }>`
        SELECT n_dead_tup::int AS dead FROM pg_stat_all_tables WHERE relid = 'integration_event'::regclass`
      yield* until(isTold, ([row]) => row?.dead === 250)
      yield* sql`ANALYZE integration_event`
      const report = yield* examined({ deadRows: { count: 100, share: 0.4 }, eventsWithoutRetention: 200 })
      const [dead] = findingsOf(report, "dead-rows")
      assert.strictEqual(
        dead?.detail,
        "Of integration_event, 250 of 500 rows are dead (50 %); it has never been vacuumed."
      )
      const [off] = findingsOf(report, "autovacuum-off")
      assert.strictEqual(off?.subject, "integration_event")
      const [kept] = findingsOf(report, "retention-off")
      assert.strictEqual(kept?.detail, "retentionHours is 0, and there are about 250 events.")
      assert.deepStrictEqual(findingsOf(yield* examined({ eventsWithoutRetention: 300 }), "retention-off"), [])
      for (const command of [dead?.command, off?.command]) yield* sql.unsafe(command ?? "")
      assert.strictEqual(dead?.command, `VACUUM (ANALYZE) ${schema}.integration_event;`)
      const after = yield* until(
        examined({ deadRows: { count: 100, share: 0.4 } }),
        (_) => findingsOf(_, "dead-rows").length === 0
      )
      assert.deepStrictEqual(findingsOf(after, "autovacuum-off"), [])
    }).pipe(Effect.provide(services(postgres())))
  )

  it.live("migrations that are pending, that this version does not know, or that it cannot work with", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [last] = yield* sql<{ id: number; name: string }>`
        SELECT max(migration_id)::int AS id, max(name) FILTER (WHERE true) AS name FROM integration_migration`
      const id = last?.id ?? 0
      yield* sql`INSERT INTO integration_migration (migration_id, name) VALUES (${id + 1}, 'later')`
      const newer = yield* examined()
      assert.strictEqual(
        findingsOf(newer, "schema-newer")[0]?.detail,
        `Not known here: ${String(id + 1).padStart(4, "0")}_later.`
      )
      assert.strictEqual(checkOf(newer, "objects")?.outcome, "skipped")
      yield* sql`UPDATE integration_migration SET name = 'later.breaking' WHERE migration_id = ${id + 1}`
      const [breaking] = findingsOf(yield* examined(), "schema-unfit")
      assert.match(breaking?.detail ?? "", /cannot work with "later\.breaking"/)
      assert.isNull(breaking?.command)
      yield* sql`DELETE FROM integration_migration WHERE migration_id >= ${id}`
      const [pending] = findingsOf(yield* examined(), "schema-unfit")
      assert.match(pending?.detail ?? "", new RegExp(`Pending: ${String(id).padStart(4, "0")}_\\w+\\.$`))
      assert.strictEqual(pending?.command, "npx effect-integration migrate")
      yield* sql`DROP TABLE integration_migration`
      assert.match(findingsOf(yield* examined(), "schema-unfit")[0]?.detail ?? "", /ran files of sql\/ by hand/)
    }).pipe(Effect.provide(services(postgres())))
  )
})

describe("of its connections", () => {
  const behind = (url: string, schema: string, maxConnections = 6) =>
    PgClient.layer({
      url: Redacted.make(url),
      prepare: false,
      maxConnections,
      startupParameters: { search_path: schema }
    })

  const reportBehind = (url: string, options: Integration.Options = {}) => {
    const schema = uniqueSchema()
    return examined().pipe(
      Effect.provide(
        Layer.provide(Integration.layer({ settings: { ...unpolled, ...options.settings } }), behind(url, schema))
      ),
      Effect.provide(Layer.provide(withSchema(schema), clientFor(schema)))
    )
  }

  it.live("a pooler in transaction mode", () =>
    Effect.gen(function* () {
      const report = yield* reportBehind(yield* transactionPooler(inject("postgresUrl"), 6))
      assert.strictEqual(findingsOf(report, "transaction-pooler").length, 1)
      assert.deepStrictEqual(
        report.checks.filter(({ outcome }) => outcome === "failed" || outcome === "skipped"),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.live("notifications that get lost on their way, unless nobody counts on them", () =>
    Effect.gen(function* () {
      const url = yield* deafProxy(inject("postgresUrl"))
      assert.strictEqual(findingsOf(yield* reportBehind(url), "notifications-lost").length, 1)
      const off = yield* reportBehind(url, { settings: { notifyEnabled: false } })
      assert.deepStrictEqual(findingsOf(off, "notifications-lost"), [])
      assert.match(checkOf(off, "notifications")?.why ?? "", /notifyEnabled is false/)
    }).pipe(Effect.scoped)
  )

  it.live("a pool in which not all workers get their turn at once", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("pool")
      yield* serve(
        Subscriber.make({ consumer: Consumer.make("pool-one", { concurrency: 2 }), event: Happened, handler }),
        Subscriber.make({ consumer: "pool-two", event: Happened, handler })
      )
      const [small] = findingsOf(yield* examined(), "pool-small")
      assert.strictEqual(small?.detail, "2 consumers with 3 workers in this process, and 2 batches at once.")
    }).pipe(Effect.scoped, Effect.provide(services(postgres({ maxConnections: 4 }))))
  )

  it.live("nothing more of what somebody has locked, after two seconds, and of the rest all", () =>
    Effect.gen(function* () {
      const schema = yield* schemaName
      const other = yield* elsewhere("locking")
      const report = yield* other.withTransaction(
        Effect.andThen(
          other`LOCK TABLE ${other(`${schema}.integration_subscription`)} IN ACCESS EXCLUSIVE MODE`,
          examined()
        )
      )
      const stopped = report.checks.filter(({ outcome }) => outcome !== "ok")
      assert.deepStrictEqual(
        stopped.map(({ id, outcome }) => [id, outcome]),
        [
          // The server reads definitions of columns from the table itself.
          ["objects", "failed"],
          ["subscriptions", "failed"],
          ["events", "failed"]
        ]
      )
      for (const { why } of stopped) assert.match(why ?? "", /timeout/)
    }).pipe(Effect.scoped, Effect.provide(services(postgres())))
  )

  it.live("its looks are not part of the caller's transaction, and leave it as it was", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("inside")
      const sql = yield* SqlClient.SqlClient
      const event = yield* Transactor.withTransaction(
        Effect.gen(function* () {
          const report = yield* examined()
          assert.deepStrictEqual(report.findings, [])
          const [row] = yield* sql<{ timeout: string }>`SELECT current_setting('statement_timeout') AS timeout`
          assert.strictEqual(row?.timeout, "0")
          return yield* Publisher.publish(Happened, { n: 1 })
        })
      )
      assert.strictEqual(findingsOf(yield* examined(), "event-unheard", event.name).length, 1)
    }).pipe(Effect.provide(services(postgres())))
  )
})

describe("of processes", () => {
  it.live("code that differs between those that run, and ordering", () =>
    Effect.gen(function* () {
      const schema = uniqueSchema()
      const { Followed, Happened } = eventsOf("differs")
      const one = { settings: unpolled }
      const process = (...subscribers: ReadonlyArray<Subscriber.Subscriber<never>>) =>
        Layer.build(
          Layer.fresh(
            Subscriber.layer(...subscribers).pipe(
              Layer.provideMerge(Layer.provide(Integration.layer(one), Layer.fresh(clientFor(schema))))
            )
          )
        )
      yield* Layer.build(Layer.provide(withSchema(schema), clientFor(schema)))
      const subscriber = (ordering: Consumer.Ordering, event: Thing) =>
        Subscriber.make({
          consumer: Consumer.make("differs", ordering === "none" ? { ordering } : { ordering, maxAttempts: 9 }),
          event,
          handler
        })
      const same = Subscriber.make({ consumer: "same", event: Happened, handler })
      const first = yield* process(subscriber("none", Happened), same)
      const asked = Effect.provideContext(examined(), first)
      yield* process(subscriber("none", Happened), same)
      assert.deepStrictEqual((yield* asked).findings, [])
      const scope = yield* Scope.make()
      yield* Scope.provide(process(subscriber("aggregate", Happened), subscriber("aggregate", Followed)), scope)
      const report = yield* asked
      const [ordering] = findingsOf(report, "ordering-differs")
      assert.match(
        ordering?.detail ?? "",
        /^Consumer "differs": ordering "aggregate" in process \d+ on .*; "none" in process \d+ on .* and 1 more\.$/
      )
      const [events] = findingsOf(report, "consumer-differs")
      assert.match(events?.detail ?? "", /events "differs\.followed, differs\.happened" in .*; "differs\.happened" in /)
      assert.match(events?.detail ?? "", /options "maxAttempts 9" in .*; "" in process \d+/)
      assert.deepStrictEqual(findingsOf(report, "consumer-differs", "same"), [])
      yield* Scope.close(scope, Exit.void)
      const after = yield* asked
      assert.deepStrictEqual([...findingsOf(after, "consumer-differs"), ...findingsOf(after, "ordering-differs")], [])
    }).pipe(Effect.scoped)
  )

  it.live("those that ended without a word more often than now and then; a consumer that recovers from it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { Happened } = eventsOf("recovers")
      yield* subscribed("recovers", Happened.name)
      // What those processes may have had in hand, and nobody here takes: the recovery lasts for as long as it is due.
      yield* Publisher.publish(Happened, { n: 1 })
      const die = sql`
        INSERT INTO integration_replica (id, host, pid, status, consumers, last_seen_at)
        VALUES (gen_random_uuid(), 'elsewhere', 17, 'running',
          '{"recovers": {"names": ["recovers.happened"], "patterns": [], "ordering": "none", "workers": 1, "batch": 1}}',
          clock_timestamp() - interval '1 minute')`
      yield* Effect.replicateEffect(die, 2)
      yield* ReplicaStore.use((replicas) => replicas.reap(1000))
      // As each poll does, the first of this process too, which may come at any time: it ends what nothing is due of.
      yield* ReplicaStore.use((replicas) => replicas.endRecovery(["recovers"]))
      const few = yield* examined()
      assert.deepStrictEqual(findingsOf(few, "replicas-died"), [])
      assert.strictEqual(findingsOf(few, "consumer-recovering", "recovers").length, 1)
      yield* die
      yield* ReplicaStore.use((replicas) => replicas.reap(1000))
      const [died] = findingsOf(yield* examined(), "replicas-died")
      assert.match(
        died?.detail ?? "",
        /^3 processes ended without a word within the last day, the last after .*: process 17 on elsewhere\.$/
      )
    }).pipe(Effect.provide(services(postgres())))
  )

  it.live("what a role may not see is said, and the rest is looked at", () =>
    Effect.gen(function* () {
      const schema = uniqueSchema()
      const role = `role_${schema}`
      const owner = yield* Layer.build(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema))))
      const sql = Effect.provideContext(SqlClient.SqlClient, owner)
      const as = (text: string) => Effect.flatMap(sql, (client) => client.unsafe(text))
      yield* as(`CREATE ROLE ${role} LOGIN`)
      yield* Effect.addFinalizer(() =>
        Effect.orDie(Effect.andThen(as(`DROP OWNED BY ${role}`), as(`DROP ROLE ${role}`)))
      )
      yield* as(`GRANT ALL ON SCHEMA ${schema} TO ${role}`)
      const url = new URL(inject("postgresUrl"))
      url.username = role
      const context = yield* Layer.build(
        Layer.provide(Integration.layer({ settings: unpolled }), clientFor(schema, { url: url.href }))
      )
      yield* as(`ALTER TABLE ${schema}.integration_subscription OWNER TO postgres`)
      yield* as(`ALTER TABLE ${schema}.integration_migration OWNER TO postgres`)
      const report = yield* Effect.provideContext(examined(), context)
      const skipped = report.checks.filter(({ outcome }) => outcome === "skipped")
      assert.deepStrictEqual(
        skipped.map(({ id }) => id),
        ["schema", "objects", "subscriptions", "events"]
      )
      for (const { why } of skipped)
        assert.match(why ?? "", /may not look: permission denied for table integration_\w+\. docs\/grants\.md/)
      assert.match(checkOf(report, "transactions")?.why ?? "", /^Of \d+ sessions? of other roles nothing can be seen/)
      assert.deepStrictEqual(report.findings, [])
    }).pipe(Effect.scoped)
  )
})

it.live("a backfill that is waited for is said", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* subscribed("late", "late.event")
    yield* sql`UPDATE integration_consumer SET held_for_backfill = true WHERE consumer_name = 'late'`
    const [held] = findingsOf(yield* examined(), "consumer-held", "late")
    assert.strictEqual(held?.detail, 'Consumer "late" waits for its backfill.')
  }).pipe(Effect.provide(services(postgres())))
)
