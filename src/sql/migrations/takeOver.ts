/**
 * Taking over the tables of the reference system: `outbox_event`, `inbox_event` and `integration_link` as it makes them, with ids that
 * are UUIDs or numbers. docs/from-hedhog.md says what becomes of what.
 *
 * The old tables stay, as `reference_outbox_event` and so on. Both steps belong into the transaction of the migrations.
 *
 * @internal
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { deliveryId } from "../writeDeliveries.ts"

/** What the old tables are called afterwards. */
const prefix = "reference_"

/** Consumer of what the reference system gave to nobody, and had not done. */
export const nobody = "taken-over"

/** How long before the newest of an event a consumer may have been given its last one, to be subscribed to more of them. */
const recently = "interval '30 days'"

const old = ["outbox_event", "inbox_event", "integration_link"]

/** Columns by which its outbox is told from other tables of that name. */
const columns = ["event_name", "source_module", "aggregate_type", "aggregate_id", "payload", "status", "attempt_count"]

const list = (names: ReadonlyArray<string>) => names.map((name) => `'${name}'`).join(", ")

const relation = (name: string) => `to_regclass(quote_ident(current_schema()) || '.${name}')`

/** Whether there is a table of that name: ours is a view. */
const isTable = `EXISTS (SELECT FROM pg_class WHERE oid = ${relation("outbox_event")} AND relkind IN ('r', 'p'))`

const isReference = `${relation("inbox_event")} IS NOT NULL AND (
    SELECT count(*) FROM pg_attribute WHERE attrelid = ${relation("outbox_event")} AND attname IN (${list(columns)})
  ) = ${columns.length}`

/** Gives the old tables, and their indexes, names that are not ours. Does nothing without them. */
export const setAside = `DO $aside$
DECLARE
  each record;
BEGIN
  IF NOT ${isTable} THEN RETURN; END IF;
  EXECUTE format('LOCK TABLE %I.outbox_event IN ACCESS EXCLUSIVE MODE', current_schema());
  -- Another process may have done it meanwhile.
  IF NOT ${isTable} THEN RETURN; END IF;
  IF NOT (${isReference}) THEN
    RAISE EXCEPTION 'there is a table outbox_event that is neither ours nor the reference system''s. Rename it, or have the tables in another schema: Integration.layer({ schema })';
  END IF;
  FOR each IN
    WITH found AS (
      SELECT c.oid, c.relname, 'TABLE' AS kind
      FROM pg_class AS c
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname IN (${list(old)})
    )
    SELECT relname, kind FROM found
    UNION ALL
    SELECT c.relname, 'INDEX' FROM found AS f JOIN pg_index AS i ON i.indrelid = f.oid JOIN pg_class AS c ON c.oid = i.indexrelid
  LOOP
    EXECUTE format(
      'ALTER %s %I.%I RENAME TO %I', each.kind, current_schema(), each.relname, left('${prefix}' || each.relname, 63)
    );
  END LOOP;
END
$aside$`

/** An id that is a UUID stays; a number becomes one that has the time in front, as ours do. */
const idOf = (row: string) => `CASE WHEN ${row}.id::text ~ '^[0-9]+$' THEN (
      lpad(to_hex((extract(epoch FROM ${createdAt(row)}) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(${row}.id::text::bigint), 15, '0')
    ) ELSE ${row}.id::text END::uuid`

const createdAt = (row: string) => `coalesce(${row}.created_at::timestamptz, now())`

const events = `INSERT INTO integration_event (
    id, event_name, source_module, aggregate_type, aggregate_id, payload, metadata, available_at, routed_at, created_at
  )
  SELECT ${idOf("o")}, o.event_name, o.source_module, o.aggregate_type, o.aggregate_id, o.payload,
    CASE WHEN jsonb_typeof(o.payload::jsonb->'_integrationMeta') = 'object' THEN o.payload::jsonb->'_integrationMeta' END,
    coalesce(o.available_at::timestamptz, ${createdAt("o")}), now(), ${createdAt("o")}
  FROM ${prefix}outbox_event AS o
  ORDER BY o.created_at, o.id`

/**
 * What the reference system was to do for whom, by its own tables. Nobody was publishing meanwhile, so there is nothing to sweep: a
 * sweep would give consumers what was done without them.
 */
const known = `INSERT INTO integration_subscription (consumer_name, event_pattern, sweep_until, swept_at)
  SELECT DISTINCT g.consumer_name, g.event_name, pg_current_xact_id(), now()
  FROM (
    SELECT i.consumer_name, o.event_name, o.status, i.created_at, max(i.created_at) OVER (PARTITION BY o.event_name) AS newest
    FROM ${prefix}inbox_event AS i
    JOIN ${prefix}outbox_event AS o ON o.id = i.outbox_event_id
  ) AS g
  WHERE g.created_at > g.newest - ${recently} OR g.status IN ('pending', 'processing')`

const consumers = `INSERT INTO integration_consumer (consumer_name)
  SELECT DISTINCT consumer_name FROM inbox_event UNION SELECT consumer_name FROM integration_subscription`

/** Attempts were counted by event, and these consumers had none. */
const untried = `'received', CASE WHEN o.status IN ('pending', 'processing') THEN 0 ELSE o.attempt_count END,
      CASE WHEN o.status NOT IN ('pending', 'processing') THEN o.last_error END, NULL, ${createdAt("o")}, o.updated_at`

/** Its rows; what its next attempt would have written for those it knew; and what it had nobody for. */
const given = `
    SELECT o.*, i.consumer_name, i.status AS was, i.attempt_count AS attempts, i.last_error AS error,
      i.processed_at AS done_at, ${createdAt("i")} AS given_at, i.updated_at AS changed_at
    FROM old AS o
    JOIN ${prefix}inbox_event AS i ON i.outbox_event_id = o.id
    UNION ALL
    SELECT o.*, s.consumer_name, ${untried}
    FROM old AS o
    JOIN integration_subscription AS s ON s.event_pattern = o.event_name
    WHERE NOT o.is_done AND NOT EXISTS (
      SELECT FROM ${prefix}inbox_event AS i WHERE i.outbox_event_id = o.id AND i.consumer_name = s.consumer_name
    )
    UNION ALL
    SELECT o.*, '${nobody}', ${untried}
    FROM old AS o
    WHERE NOT o.is_done
      AND NOT EXISTS (SELECT FROM ${prefix}inbox_event AS i WHERE i.outbox_event_id = o.id)
      AND NOT EXISTS (SELECT FROM integration_subscription AS s WHERE s.event_pattern = o.event_name)`

const deliveries = `INSERT INTO inbox_event (
    id, outbox_event_id, consumer_name, event_name, position, status, attempt_count, last_error, available_at, processed_at,
    created_at, updated_at
  )
  WITH old AS (
    -- A dead letter that nobody failed at was given up before somebody was asked.
    SELECT o.*, e.id AS event_id, e.position, o.status = 'processed' OR o.status IN ('dead_letter', 'failed') AND EXISTS (
        SELECT FROM ${prefix}inbox_event AS i WHERE i.outbox_event_id = o.id AND i.status NOT IN ('processed', 'skipped')
      ) AS is_done
    FROM ${prefix}outbox_event AS o
    JOIN integration_event AS e ON e.id = ${idOf("o")}
  ), given AS (${given}
  ), becoming AS (
    SELECT g.*, CASE
        WHEN was IN ('processed', 'skipped') THEN was
        WHEN status IN ('pending', 'processing') THEN CASE WHEN attempts > 0 THEN 'failed' ELSE 'received' END
        WHEN status IN ('dead_letter', 'failed') THEN status
        WHEN was = 'failed' THEN 'failed'
        ELSE 'skipped'
      END AS becomes
    FROM given AS g
  )
  SELECT ${deliveryId("event_id", "consumer_name")}, event_id, consumer_name, event_name, position, becomes, attempts,
    left(error, 1023),
    CASE
      WHEN status = 'pending' THEN coalesce(available_at::timestamptz, now())
      WHEN status = 'failed' OR becomes = 'failed' AND status <> 'processing' THEN NULL
      ELSE now()
    END,
    CASE
      WHEN becomes IN ('processed', 'skipped') THEN coalesce(done_at, changed_at, given_at)
      WHEN status IN ('pending', 'processing') THEN NULL
      ELSE coalesce(changed_at, given_at)
    END,
    given_at, coalesce(changed_at, given_at)
  FROM becoming
  ORDER BY position`

/** The same link twice is one. */
const links = `INSERT INTO integration_link (
    id, source_module, source_entity_type, source_entity_id, target_module, target_entity_type, target_entity_id, link_type, metadata,
    created_at, updated_at
  )
  SELECT ${idOf("l")}, l.source_module, l.source_entity_type, l.source_entity_id, l.target_module, l.target_entity_type,
    l.target_entity_id, l.link_type, l.metadata, ${createdAt("l")}, coalesce(l.updated_at::timestamptz, ${createdAt("l")})
  FROM ${prefix}integration_link AS l
  ORDER BY l.created_at, l.id
  ON CONFLICT (link_hash) DO NOTHING`

/** Fills our tables from those that were set aside. Does nothing without them. Times without a zone are UTC. */
export const takeOver = `DO $over$
DECLARE
  zone text := current_setting('TimeZone');
BEGIN
  PERFORM set_config('TimeZone', 'UTC', true);
  IF ${relation(`${prefix}outbox_event`)} IS NOT NULL THEN
  ${events};
  ${known};
  ${deliveries};
  ${consumers};
  END IF;
  IF ${relation(`${prefix}integration_link`)} IS NOT NULL THEN
  ${links};
  END IF;
  PERFORM set_config('TimeZone', zone, true);
END
$over$`

interface Counts {
  readonly events: number
  readonly open: number
  readonly waiting: number
  readonly gaveUp: number
  readonly links: number
}

const report = ({ events, gaveUp, links, open, waiting }: Counts) =>
  `Took over the tables of the reference system: ${events} events, ${open} open deliveries, ${gaveUp} that gave up, ${links} links.${
    waiting === 0 ? "" : ` ${waiting} of them were given to nobody: they wait under the consumer "${nobody}".`
  } The old tables are kept as ${old.map((name) => prefix + name).join(", ")}; drop them when nothing is missed.`

/** Whether there are tables of the reference system, or others of their names, where ours would be made. */
export const hasOthers = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const [row] = yield* sql.unsafe<{ found: boolean }>(`SELECT ${isTable} AS "found"`)
  return row?.found === true
})

/** Sets old tables aside, has the new ones made, and fills them: only the second where there are none. */
export const takingOver = <A, E, R>(make: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    if (!(yield* hasOthers)) return yield* make
    yield* sql.unsafe(setAside)
    const made = yield* make
    const [counts] = yield* sql.unsafe(takeOver).pipe(
      Effect.andThen(
        sql<Counts>`
        SELECT (SELECT count(*) FROM integration_event)::int AS "events", (SELECT count(*) FROM integration_link)::int AS "links",
          count(*) FILTER (WHERE status IN ('received', 'failed') AND available_at IS NOT NULL)::int AS "open",
          count(*) FILTER (WHERE status = 'dead_letter' OR status = 'failed' AND available_at IS NULL)::int AS "gaveUp",
          count(*) FILTER (WHERE consumer_name = ${nobody})::int AS "waiting"
        FROM inbox_event`
      )
    )
    if (counts !== undefined) yield* Effect.logInfo(report(counts))
    return made
  })
