-- The transactional outbox: one row per published event.
-- Compatible: processes of earlier versions may keep running while this is applied.
CREATE TABLE outbox_event (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
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
  status varchar(63) NOT NULL DEFAULT 'pending'
    CONSTRAINT outbox_event_status_check CHECK (status IN ('pending', 'processing', 'processed', 'failed', 'dead_letter')),
  attempt_count int NOT NULL DEFAULT 0,
  last_error varchar(1023),
  available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  routed_at timestamptz,
  processed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
-- statement
-- Events whose outcome is still to be rolled up, oldest first.
CREATE INDEX outbox_event_pending_idx ON outbox_event (position) WHERE status = 'pending'
-- statement
-- Events written by plain SQL, waiting for their deliveries.
CREATE INDEX outbox_event_unrouted_idx ON outbox_event (position) WHERE routed_at IS NULL
-- statement
-- Polling by status and time; finished events, the bulk of the table, are left out.
CREATE INDEX outbox_event_status_idx ON outbox_event (status, available_at) WHERE status <> 'processed'
-- statement
-- The most selective column first: it alone decides nearly every comparison.
CREATE INDEX outbox_event_aggregate_idx ON outbox_event (aggregate_id, aggregate_type, source_module)
-- statement
-- Rows come in the order of time, so ranges of pages are enough; it costs nothing to keep.
CREATE INDEX outbox_event_created_idx ON outbox_event USING brin (created_at)
-- statement
-- Who published around a registration: see integration_subscription.registered_snapshot.
CREATE INDEX outbox_event_transaction_idx ON outbox_event (transaction_id)
-- statement
CREATE UNIQUE INDEX outbox_event_dedupe_idx ON outbox_event (source_module, event_name, dedupe_key)
  WHERE dedupe_key IS NOT NULL
