-- Events are facts: each is written once, in the transaction of what happened. What became of one is said by its deliveries
-- (inbox_event); the view outbox_event shows both together.
--
-- position counts insertions. transaction_id tells registrations which events their publishers stored without knowing them.
-- routed_at is when the deliveries were written: by whoever publishes at once, for rows that plain SQL inserted by a process
-- that finds them. That is the one column that the engine updates.

-- Ids in the order of time (UUID version 7): 48 bits of milliseconds, 12 bits of their fraction, the rest at random. See RFC 9562,
-- sections 5.7 and 6.2 (method 3). PostgreSQL has a function of its own from version 18 on.
CREATE FUNCTION integration_event_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT (
    lpad(to_hex(t.micros / 1000), 12, '0')
    || '7' || lpad(to_hex(t.micros % 1000 * 4096 / 1000), 3, '0')
    || substr(replace(gen_random_uuid()::text, '-', ''), 17)
  )::uuid
  FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS t
$$
-- statement
CREATE TABLE integration_event (
  id uuid PRIMARY KEY DEFAULT integration_event_id(),
  position bigint GENERATED ALWAYS AS IDENTITY,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  event_name varchar(255) NOT NULL,
  schema_version int NOT NULL DEFAULT 1,
  source_module varchar(127) NOT NULL,
  aggregate_type varchar(127) NOT NULL,
  aggregate_id varchar(255) NOT NULL,
  payload jsonb NOT NULL,
  metadata jsonb,
  dedupe_key varchar(255),
  correlation_id varchar(255),
  causation_id varchar(255),
  traceparent varchar(55),
  -- The service that published it, when that is another one: see integration_received.
  origin varchar(255),
  available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  routed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
-- statement
-- Written by plain SQL, waiting for deliveries.
CREATE INDEX integration_event_unrouted_idx ON integration_event (position) WHERE routed_at IS NULL
-- statement
-- The most selective column first: it alone decides nearly every comparison.
CREATE INDEX integration_event_aggregate_idx ON integration_event (aggregate_id, aggregate_type, source_module)
-- statement
-- Rows come in the order of time, so ranges of pages are enough; it costs nothing to keep.
CREATE INDEX integration_event_created_idx ON integration_event USING brin (created_at)
-- statement
-- Who published around a registration; transactions come in order, too. Ranges have no operators for xid8.
CREATE INDEX integration_event_transaction_idx ON integration_event USING brin ((transaction_id::text::bigint))
  WITH (pages_per_range = 64, autosummarize = on)
-- statement
-- The name that its publisher gave an event, so that it is stored once.
CREATE UNIQUE INDEX integration_event_dedupe_idx ON integration_event (source_module, event_name, dedupe_key)
  WHERE dedupe_key IS NOT NULL
-- statement
-- Messages of other services that were stored as events: each once, also when its event has been removed long ago.
CREATE TABLE integration_received (
  source varchar(255) NOT NULL,
  message_id varchar(255) NOT NULL,
  event_id uuid NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (source, message_id)
)
-- statement
-- Those that are old enough are removed. Pages that were emptied are filled again, so ranges of pages would tell nothing.
CREATE INDEX integration_received_at_idx ON integration_received (received_at)
