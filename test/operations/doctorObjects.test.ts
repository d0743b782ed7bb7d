/** Tables, indexes, triggers and functions that are not as the migrations made them; on PostgreSQL the commands mend them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import pg from "pg"
import { inject } from "vitest"
import type { Finding } from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { checkOf, examined } from "../support/doctors.ts"
import { services } from "../support/scenario.ts"

/** What somebody did, and what is found of it. */
interface Damage {
  readonly done: string
  readonly id: string
  readonly subject: string
  /** What its detail says. */
  readonly says: RegExp
}

const mendable: ReadonlyArray<Damage> = [
  {
    done: "DROP INDEX inbox_event_claim_idx",
    id: "index-missing",
    subject: "inbox_event_claim_idx",
    says: /^The index inbox_event_claim_idx of inbox_event is missing\.$/
  },
  {
    done: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'integration_link_source_idx'::regclass",
    id: "index-invalid",
    subject: "integration_link_source_idx",
    says: /is invalid/
  },
  {
    done: "DROP INDEX inbox_event_dead_idx; CREATE INDEX inbox_event_dead_idx ON inbox_event (id)",
    id: "index-changed",
    subject: "inbox_event_dead_idx",
    says: /Expected: CREATE INDEX .*COALESCE.* Found: CREATE INDEX inbox_event_dead_idx ON inbox_event USING btree \(id\)\.$/
  },
  {
    done: `CREATE INDEX "By Name" ON integration_event (event_name)`,
    id: "index-foreign",
    subject: "By Name",
    says: /is not ours\. Found: CREATE INDEX "By Name"/
  },
  {
    done: "ALTER TABLE inbox_event DROP CONSTRAINT inbox_event_status_check",
    id: "table-changed",
    subject: "inbox_event.inbox_event_status_check",
    says: /^The constraint inbox_event\.inbox_event_status_check of inbox_event is missing\.$/
  },
  {
    done: `ALTER TABLE integration_audit DROP CONSTRAINT integration_audit_outcome_check;
      ALTER TABLE integration_audit ADD CONSTRAINT integration_audit_outcome_check
        CHECK (outcome IN ('done', 'refused', 'failed')) NOT VALID`,
    id: "table-changed",
    subject: "integration_audit.integration_audit_outcome_check",
    says: /is invalid/
  },
  {
    done: "ALTER TABLE integration_error_count DROP CONSTRAINT integration_error_count_fingerprint_fkey",
    id: "table-changed",
    subject: "integration_error_count.integration_error_count_fingerprint_fkey",
    says: /is missing/
  },
  {
    done: "ALTER TABLE integration_replica ADD CONSTRAINT no_such_host CHECK (host <> 'nowhere')",
    id: "table-changed",
    subject: "integration_replica.no_such_host",
    says: /is not ours/
  },
  {
    done: "DROP TRIGGER integration_event_deleted ON integration_event",
    id: "trigger-missing",
    subject: "integration_event_deleted",
    says: /is missing/
  },
  {
    done: "ALTER TABLE integration_event DISABLE TRIGGER integration_event_truncated",
    id: "trigger-changed",
    subject: "integration_event_truncated",
    says: /is switched off/
  },
  {
    done: `CREATE OR REPLACE TRIGGER outbox_event_write INSTEAD OF INSERT ON outbox_event
      FOR EACH ROW EXECUTE FUNCTION integration_write_event()`,
    id: "trigger-changed",
    subject: "outbox_event_write",
    says: /Expected: .*INSERT OR UPDATE.* Found: .*INSERT ON/
  },
  {
    done: `CREATE TRIGGER theirs BEFORE INSERT ON inbox_event FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    id: "trigger-foreign",
    subject: "theirs",
    says: /is not ours/
  },
  {
    done: "DROP FUNCTION integration_link",
    id: "function-missing",
    subject: "integration_link",
    says: /is missing/
  },
  {
    done: "ALTER FUNCTION integration_remove_deliveries() RESET search_path",
    id: "function-changed",
    subject: "integration_remove_deliveries",
    says: /Expected: trigger SECURITY DEFINER SET search_path and its text\. Found: trigger SECURITY DEFINER and its text\.$/
  },
  {
    done: `CREATE OR REPLACE FUNCTION integration_check_name(field text, given text, longest int) RETURNS void
      LANGUAGE plpgsql AS $$ BEGIN END $$`,
    id: "function-changed",
    subject: "integration_check_name",
    says: /differs/
  },
  {
    done: "DROP FUNCTION integration_append",
    id: "function-missing",
    subject: "integration_append",
    says: /is missing/
  }
]

const others: ReadonlyArray<Damage> = [
  {
    done: "ALTER TABLE integration_consumer ALTER COLUMN pause_reason TYPE text",
    id: "table-changed",
    subject: "integration_consumer.pause_reason",
    says: /Expected: character varying\(1023\)\. Found: text\.$/
  },
  {
    done: "ALTER TABLE integration_attempt DROP COLUMN error",
    id: "table-changed",
    subject: "integration_attempt.error",
    says: /^The column integration_attempt\.error of integration_attempt is missing\.$/
  },
  { done: "DROP TABLE integration_contract", id: "table-missing", subject: "integration_contract", says: /is missing/ }
]

const statements = (text: string) => text.split(/;(?=\s)|;$/).filter((statement) => statement.trim() !== "")

const found = (damage: Damage, findings: ReadonlyArray<Finding>) =>
  findings.filter(({ id, subject }) => id === damage.id && subject?.replace(/\(.*/, "") === damage.subject)

/** Runs a command as psql would, each statement by itself; a function's at once, as its body has semicolons. */
const asPsql = (client: pg.Client, { command, id }: Finding) =>
  Effect.promise(async () => {
    const parts = id.startsWith("function-") ? [command ?? ""] : statements(command ?? "")
    for (const part of parts) await client.query(part)
  })

for (const { isServer, layer, name } of databases) {
  describe(name, () => {
    it.live("what somebody dropped, changed, switched off or added", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        // Nobody may write the catalog of the embedded one by hand.
        const damages = [...mendable, ...others].filter(({ id }) => isServer || id !== "index-invalid")
        for (const { done } of damages) {
          for (const statement of done.includes("$$") ? [done] : statements(done)) yield* sql.unsafe(statement)
        }
        // Added to a table of ours, a column is its own business.
        yield* sql`ALTER TABLE integration_setting ADD COLUMN theirs text`
        const { checks, findings } = yield* examined()
        assert.deepStrictEqual(
          checks.filter(({ outcome }) => outcome === "failed"),
          []
        )
        for (const damage of damages) {
          const [finding] = found(damage, findings)
          assert.match(finding?.detail ?? `nothing of ${damage.subject}`, damage.says)
        }
        assert.strictEqual(findings.length, damages.length)
      }).pipe(Effect.provide(services(layer)))
    )
  })
}

it.live("commands mend what is found, in tables behind no search_path", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const { done } of mendable) {
      for (const statement of done.includes("$$") ? [done] : statements(done)) yield* sql.unsafe(statement)
    }
    const client = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const made = new pg.Client({ connectionString: inject("postgresUrl") })
        await made.connect()
        return made
      }),
      (made) => Effect.promise(() => made.end())
    )
    const { findings } = yield* examined()
    assert.strictEqual(findings.length, mendable.length)
    // Functions first: triggers call them.
    const ordered = findings.toSorted(
      (a, b) => Number(b.id.startsWith("function")) - Number(a.id.startsWith("function"))
    )
    for (const finding of ordered) yield* asPsql(client, finding)
    const after = yield* examined()
    assert.deepStrictEqual(after.findings, [])
    assert.strictEqual(checkOf(after, "objects")?.outcome, "ok")
  }).pipe(Effect.scoped, Effect.provide(services(databases[0].layer)))
)
