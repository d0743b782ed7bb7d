-- The inbox: one row per delivery, that is one event for one consumer.
-- Compatible: processes of earlier versions may keep running while this is applied.
CREATE TABLE inbox_event (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  outbox_event_id uuid NOT NULL REFERENCES outbox_event (id) ON DELETE CASCADE,
  consumer_name varchar(255) NOT NULL,
  event_name varchar(255) NOT NULL,
  schema_version int NOT NULL DEFAULT 1,
  position bigint NOT NULL,
  ordering_key bigint,
  status varchar(63) NOT NULL DEFAULT 'received'
    CONSTRAINT inbox_event_status_check
    CHECK (status IN ('received', 'processing', 'processed', 'failed', 'skipped', 'dead_letter')),
  attempt_count int NOT NULL DEFAULT 0,
  last_error varchar(1023),
  error_tag varchar(255),
  available_at timestamptz DEFAULT clock_timestamp(),
  locked_until timestamptz,
  lease_token uuid,
  payload_override jsonb,
  processed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT inbox_event_delivery_key UNIQUE (outbox_event_id, consumer_name)
)
-- statement
-- What a claim reads: open, claimable rows only, so its cost depends neither on history nor on parked rows.
CREATE INDEX inbox_event_claim_idx ON inbox_event (consumer_name, available_at, position)
  WHERE status IN ('received', 'failed') AND available_at < 'infinity'
-- statement
-- Lookups by status; rows on the normal path never enter it.
CREATE INDEX inbox_event_status_idx ON inbox_event (status, consumer_name, updated_at)
  WHERE status IN ('failed', 'skipped', 'dead_letter')
