-- What publishes and links by SQL: for triggers, psql and programs in other languages. Each function checks what Publisher and LinkStore
-- check, and writes what they write. Parts of statements are those of src/sql/writeDeliveries.ts, word by word where they can be; a test compares
-- the rows.
--
-- Nobody may call them but their owner and whoever is granted EXECUTE, who needs no rights to the tables: see docs/grants.md.

-- A name or an id of 1 to so many characters. What else the publisher refuses, PostgreSQL has no text for.
CREATE FUNCTION integration_check_name(field text, given text, longest int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF given IS NULL THEN
    RAISE EXCEPTION 'Invalid %: is null', field USING ERRCODE = 'null_value_not_allowed',
      HINT = pg_catalog.format('Nothing was written. Give a text of 1 to %s characters.', longest);
  ELSIF given = '' THEN
    RAISE EXCEPTION 'Invalid %: is empty', field USING ERRCODE = 'invalid_parameter_value',
      HINT = pg_catalog.format('Nothing was written. Give a text of 1 to %s characters.', longest);
  ELSIF length(given) > longest THEN
    RAISE EXCEPTION 'Invalid %: has % characters, at most % are possible', field, length(given), longest
      USING ERRCODE = 'string_data_right_truncation', HINT = 'Nothing was written. Give a shorter one.';
  END IF;
END
$$
-- statement
-- A document of at most so many bytes of JSON, without the spaces that jsonb is written with, and of at most 500 levels.
CREATE FUNCTION integration_check_document(field text, document jsonb, most int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  written text := document::text;
  bytes int := octet_length(written);
BEGIN
  -- At least every other byte is no such space.
  IF bytes > most AND bytes <= 2 * most THEN
    bytes := octet_length(regexp_replace(written, '("(?:[^"\\]|\\.)*")|([,:]) ', '\1\2', 'g'));
  END IF;
  IF bytes > most THEN
    RAISE EXCEPTION 'Invalid %: has % bytes as JSON, at most % are allowed', field, bytes, most
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Nothing was written. Keep what is large in a table, and give its key.';
  ELSIF bytes > 1000
    AND jsonb_path_exists(document, 'strict $.**{500} ? (@.type() == "object" || @.type() == "array")')
  THEN
    RAISE EXCEPTION 'Invalid %: is nested deeper than 500 levels', field
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Nothing was written. Give a flatter document.';
  END IF;
END
$$
-- statement
-- Stores an event with its deliveries, and tells processes of its consumers when the transaction commits, if it says who tells (told_by).
-- It checks nothing of the event, and has the rights of who calls it: integration_publish, and processes that work in transactions of
-- clients, of which most have each statement parsed and planned anew.
--
-- Returns id, position, microseconds since 1970 and transaction of the event, then its consumers, as one list, since a function that
-- returns rows costs more; null if its dedupe_key is taken.
--
-- asked_for: the database it is meant for, as current_database() and the start of its server; is_open: it is known that a transaction is
-- open. When it is another database, or nothing says that a transaction was begun (one that has written has an id), nothing is written,
-- and the list is empty.
DO $do$ BEGIN
  -- Names of tables are written out: a search_path of its own would cost a function a quarter of its time.
  EXECUTE $function$
CREATE FUNCTION integration_append(
  event_id uuid,
  event_name text,
  schema_version int,
  source_module text,
  aggregate_type text,
  aggregate_id text,
  payload jsonb,
  asked_for text,
  is_open boolean,
  told_by text DEFAULT NULL,
  metadata jsonb DEFAULT NULL,
  correlation_id text DEFAULT NULL,
  causation_id text DEFAULT NULL,
  traceparent text DEFAULT NULL,
  available_at timestamptz DEFAULT NULL,
  delay_millis float8 DEFAULT NULL,
  dedupe_key text DEFAULT NULL
) RETURNS text[] LANGUAGE plpgsql AS $function$ || quote_literal(format($body$
#variable_conflict use_column
DECLARE
  placed bigint;
  due timestamptz;
  is_tiered boolean;
  stored text[];
  consumers text[];
  message text;
BEGIN
  IF asked_for <> current_database()::text || ' ' || extract(epoch FROM pg_postmaster_start_time())::text
    OR (asked_for IS NOT NULL AND NOT is_open AND pg_current_xact_id_if_assigned() IS NULL)
  THEN
    RETURN '{}';
  END IF;
  -- What costs most is setting up the parts of a plan, for each call: so priorities are ranked only where somebody has given one. An
  -- expression outside of statements is set up anew for each transaction: what can be said in a statement is said there.
  INSERT INTO %1$I.integration_event (
    id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload, metadata, dedupe_key, correlation_id,
    causation_id, traceparent, available_at, routed_at
  )
  VALUES (
    integration_append.event_id, integration_append.event_name, integration_append.schema_version,
    integration_append.source_module, integration_append.aggregate_type, integration_append.aggregate_id,
    integration_append.payload, integration_append.metadata, integration_append.dedupe_key,
    integration_append.correlation_id, integration_append.causation_id, integration_append.traceparent,
    coalesce(
      integration_append.available_at,
      clock_timestamp() + integration_append.delay_millis * interval '1 millisecond',
      clock_timestamp()
    ),
    clock_timestamp()
  )
  ON CONFLICT (source_module, event_name, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
  RETURNING position, available_at,
    ARRAY[id::text, position::text, (extract(epoch FROM created_at) * 1000000)::bigint::text, transaction_id::text],
    EXISTS (SELECT FROM %1$I.integration_subscription WHERE priority <> 0)
  INTO placed, due, stored, is_tiered;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF is_tiered THEN
    -- A consumer's priority is the highest of its subscriptions. Tiers count from 0, the highest; null when all consumers have the same.
    WITH ranked AS (
      SELECT m.consumer_name, dense_rank() OVER all_of_them - 1 AS tier,
        first_value(m.priority) OVER all_of_them <> last_value(m.priority) OVER all_of_them AS differ
      FROM (
        SELECT s.consumer_name, max(s.priority) AS priority
        FROM %1$I.integration_subscription AS s
        WHERE integration_append.event_name LIKE s.event_like
        GROUP BY s.consumer_name
      ) AS m
      WINDOW all_of_them AS (ORDER BY m.priority DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), delivered AS (
      INSERT INTO %1$I.inbox_event (
        id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at, ordering_key, tier
      )
      SELECT %3$s, integration_append.event_id, n.consumer_name, integration_append.event_name,
        integration_append.schema_version, placed, due + n.tier * interval '1 second',
        CASE WHEN n.consumer_name IN (
          SELECT c.consumer_name FROM %1$I.integration_consumer AS c WHERE c.ordering = 'aggregate'
        ) THEN %4$s END,
        CASE WHEN n.differ THEN n.tier END
      FROM ranked AS n
      RETURNING consumer_name
    )
    SELECT ARRAY(SELECT consumer_name::text FROM delivered) INTO consumers;
  ELSE
    WITH delivered AS (
      INSERT INTO %1$I.inbox_event (
        id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at, ordering_key
      )
      SELECT %3$s, integration_append.event_id, n.consumer_name, integration_append.event_name,
        integration_append.schema_version, placed, due, CASE WHEN n.ordering = 'aggregate' THEN %4$s END
      FROM %1$I.integration_consumer AS n
      -- IS TRUE: looked up in a hash, however few there were when it was planned; a join would stay one of all with all.
      WHERE (n.consumer_name IN (
        SELECT s.consumer_name FROM %1$I.integration_subscription AS s WHERE integration_append.event_name LIKE s.event_like
      )) IS TRUE
      RETURNING consumer_name
    )
    SELECT ARRAY(SELECT consumer_name::text FROM delivered) INTO consumers;
  END IF;
  IF told_by IS NOT NULL AND consumers <> '{}' THEN
    -- PostgreSQL sends the same message once for all of a transaction.
    consumers := ARRAY(SELECT unnest(consumers) ORDER BY 1);
    -- As src/sql/connection/notificationMessage.ts writes it: a notification takes less than 8000 bytes.
    message := jsonb_build_object('from', told_by, 'wake', consumers)::text;
    PERFORM pg_notify(
      'effect_integration_' || md5(%2$L::regclass::oid::text),
      CASE WHEN octet_length(message) <= 7900 THEN message ELSE jsonb_build_object('from', told_by)::text END
    );
  END IF;
  RETURN stored || consumers;
END
$body$,
    current_schema(), quote_ident(current_schema()) || '.inbox_event',
    $delivery$(
        left(replace(integration_append.event_id::text, '-', ''), 16) || '8'
        || right(lpad(to_hex(hashtextextended(integration_append.event_id::text || n.consumer_name, 0)), 16, '0'), 15)
      )::uuid$delivery$,
    $ordering$hashtextextended(
          length(integration_append.source_module) || ':' || integration_append.source_module
          || length(integration_append.aggregate_type) || ':' || integration_append.aggregate_type
          || length(integration_append.aggregate_id) || ':' || integration_append.aggregate_id, 0
        )$ordering$
  ));
END $do$
-- statement
-- Stores an event with its deliveries, and wakes its consumers in every process when the transaction commits. Returns the event's id; with a
-- dedupe_key that is taken, that of the event that has it, and nothing is written then.
CREATE FUNCTION integration_publish(
  event_name text,
  source_module text,
  aggregate_type text,
  aggregate_id text,
  payload jsonb,
  metadata jsonb DEFAULT NULL,
  schema_version int DEFAULT 1,
  dedupe_key text DEFAULT NULL,
  correlation_id text DEFAULT NULL,
  causation_id text DEFAULT NULL,
  available_at timestamptz DEFAULT NULL,
  traceparent text DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
  -- Parameters have the names of columns: in statements, these have none.
  called text := integration_publish.event_name;
  version int := coalesce(integration_publish.schema_version, 1);
  of_event text := pg_catalog.format(' of event "%s"', left(called, 80));
  cause text := integration_publish.causation_id;
  correlation text := integration_publish.correlation_id;
  trace text := integration_publish.traceparent;
  due timestamptz := integration_publish.available_at;
  -- W3C Trace Context; what later versions add behind is left out, and what has another form altogether.
  trace_form text := '^((?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$'
    || '|(?!ff|00)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}-)';
  appended text[];
  published uuid;
BEGIN
  PERFORM integration_check_name('event name', called, 255);
  IF called LIKE '%*%' THEN
    RAISE EXCEPTION 'Invalid event name "%": contains *, which is for patterns', left(called, 80)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing was written. Publish an event by its whole name.';
  END IF;
  PERFORM integration_check_name('source_module' || of_event, integration_publish.source_module, 127),
    integration_check_name('aggregate_type' || of_event, integration_publish.aggregate_type, 127),
    integration_check_name('aggregate_id' || of_event, integration_publish.aggregate_id, 255),
    integration_check_name('correlation_id' || of_event, coalesce(correlation, '-'), 255),
    integration_check_name('causation_id' || of_event, coalesce(cause, '-'), 255),
    integration_check_name('dedupe_key' || of_event, coalesce(integration_publish.dedupe_key, '-'), 255);
  IF version < 1 THEN
    RAISE EXCEPTION 'Invalid schema_version%: is %, not a positive integer', of_event, version
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing was written. Versions count from 1, which is the default.';
  ELSIF integration_publish.payload IS NULL THEN
    RAISE EXCEPTION 'Invalid payload%: is null', of_event
      USING ERRCODE = 'null_value_not_allowed', HINT = 'Nothing was written. Give ''{}'' if there is nothing to say.';
  ELSIF jsonb_typeof(integration_publish.metadata) <> 'object' THEN
    RAISE EXCEPTION 'Invalid metadata%: of type %, not an object', of_event, jsonb_typeof(integration_publish.metadata)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing was written. Give an object, as in ''{"key": "value"}'', or null.';
  ELSIF NOT isfinite(due) OR due > '9999-12-31 23:59:59.999+00' THEN
    RAISE EXCEPTION 'Invalid available_at%: is %, not a time up to the year 9999', of_event, due
      USING ERRCODE = 'datetime_field_overflow', HINT = 'Nothing was written. Leave it out for an event that is due at once.';
  END IF;
  PERFORM integration_check_document('payload' || of_event, integration_publish.payload, 1048576);
  IF integration_publish.metadata IS NOT NULL THEN
    PERFORM integration_check_document('metadata' || of_event, integration_publish.metadata, 1048576);
  END IF;
  IF EXISTS (
    SELECT FROM integration_setting WHERE key = 'core.integration.outbox.enabled' AND value IN ('false', '"false"')
  ) THEN
    RAISE EXCEPTION 'Event "%" was not published: the outbox is disabled', left(called, 80)
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'Nothing was written. Set core.integration.outbox.enabled to true in integration_setting.';
  END IF;
  trace := CASE WHEN trace ~ trace_form THEN trace END;
  -- An event belongs to where its cause does, unless it is said otherwise.
  IF cause ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    cause := lower(cause);
    SELECT coalesce(correlation, e.correlation_id), coalesce(trace, CASE WHEN e.traceparent ~ trace_form THEN e.traceparent END)
    INTO correlation, trace
    FROM (SELECT) AS one
    LEFT JOIN integration_event AS e ON e.id = cause::uuid;
  END IF;
  -- Of the flags, only whether it is sampled is known.
  trace := '00' || substr(trace, 3, 51) || CASE get_bit(decode(substr(trace, 54, 2), 'hex'), 0) WHEN 1 THEN '01' ELSE '00' END;
  LOOP
    appended := integration_append(
      integration_event_id(), called, version, integration_publish.source_module, integration_publish.aggregate_type,
      integration_publish.aggregate_id, integration_publish.payload, NULL, NULL, 'sql', integration_publish.metadata,
      coalesce(correlation, cause), cause, trace, due, NULL, integration_publish.dedupe_key
    );
    IF appended IS NOT NULL THEN RETURN appended[1]; END IF;
    SELECT e.id INTO published
    FROM integration_event AS e
    WHERE e.source_module = integration_publish.source_module AND e.event_name = called
      AND e.dedupe_key = integration_publish.dedupe_key;
    IF FOUND THEN RETURN published; END IF;
    -- It was removed meanwhile.
  END LOOP;
END
$$
-- statement
-- Links two entities. Returns the link's id; of one that is there already, its own.
CREATE FUNCTION integration_link(
  source_module text,
  source_entity_type text,
  source_entity_id text,
  target_module text,
  target_entity_type text,
  target_entity_id text,
  link_type text,
  metadata jsonb DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
  linked uuid;
BEGIN
  PERFORM integration_check_name('source_module of a link', integration_link.source_module, 127),
    integration_check_name('source_entity_type of a link', integration_link.source_entity_type, 127),
    integration_check_name('source_entity_id of a link', integration_link.source_entity_id, 255),
    integration_check_name('target_module of a link', integration_link.target_module, 127),
    integration_check_name('target_entity_type of a link', integration_link.target_entity_type, 127),
    integration_check_name('target_entity_id of a link', integration_link.target_entity_id, 255);
  IF integration_link.link_type IS NULL OR integration_link.link_type NOT IN ('reference', 'cascade', 'aggregate_root') THEN
    RAISE EXCEPTION 'Invalid link_type of a link: % is none of reference, cascade, aggregate_root',
        coalesce(pg_catalog.format('"%s"', left(integration_link.link_type, 80)), 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing was written. Give one of those.';
  ELSIF integration_link.metadata IS NOT NULL THEN
    PERFORM integration_check_document('metadata of a link', integration_link.metadata, 65536);
  END IF;
  -- The update changes nothing, but returns the link that is there, and waits for a transaction that is just creating it.
  INSERT INTO integration_link (
    source_module, source_entity_type, source_entity_id, target_module, target_entity_type, target_entity_id, link_type, metadata
  )
  VALUES (
    integration_link.source_module, integration_link.source_entity_type, integration_link.source_entity_id,
    integration_link.target_module, integration_link.target_entity_type, integration_link.target_entity_id,
    integration_link.link_type, integration_link.metadata
  )
  ON CONFLICT (link_hash) DO UPDATE SET link_type = excluded.link_type
  RETURNING id INTO linked;
  RETURN linked;
END
$$
-- statement
-- Tells all processes that there are events to be given their deliveries, when the transaction commits that inserted them by other means
-- than publishing: one message, however many they are. Transactions that notify commit one after the other, in the whole database, so the
-- trigger is switched on only where somebody asks for it (announceInserts). Processes that are not told look.
CREATE FUNCTION integration_announce_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM pg_notify('effect_integration_' || md5('inbox_event'::regclass::oid::text), '{"from": "sql", "route": true}');
  RETURN NULL;
END
$$
-- statement
-- They find the tables whatever the search_path of who calls them.
DO $$ BEGIN
  EXECUTE pg_catalog.format(
    'ALTER FUNCTION integration_publish(text, text, text, text, jsonb, jsonb, int, text, text, text, timestamptz, text) SET search_path = %I, pg_temp',
    current_schema()
  );
  EXECUTE pg_catalog.format(
    'ALTER FUNCTION integration_link(text, text, text, text, text, text, text, jsonb) SET search_path = %I, pg_temp', current_schema()
  );
  EXECUTE pg_catalog.format('ALTER FUNCTION integration_announce_insert() SET search_path = %I, pg_temp', current_schema());
END $$
-- statement
REVOKE ALL ON FUNCTION integration_check_name(text, text, int), integration_check_document(text, jsonb, int),
  integration_publish(text, text, text, text, jsonb, jsonb, int, text, text, text, timestamptz, text),
  integration_link(text, text, text, text, text, text, text, jsonb), integration_announce_insert() FROM PUBLIC
-- statement
CREATE TRIGGER integration_event_announced AFTER INSERT ON integration_event
  FOR EACH ROW WHEN (NEW.routed_at IS NULL) EXECUTE FUNCTION integration_announce_insert()
-- statement
ALTER TABLE integration_event DISABLE TRIGGER integration_event_announced
