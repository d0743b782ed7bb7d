-- Who consumes what: durable subscriptions, consumer state, failed attempts, running processes.
-- Compatible: processes of earlier versions may keep running while this is applied.
--
-- registered_snapshot is what the registering transaction saw. A publish it did not see may have missed this
-- subscription; a sweep repairs that until every transaction older than sweep_until is gone, then sets swept_at.
CREATE TABLE integration_subscription (
  consumer_name varchar(255) NOT NULL,
  event_pattern varchar(255) NOT NULL,
  event_like text NOT NULL GENERATED ALWAYS AS (
    replace(replace(replace(replace(event_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
  ) STORED,
  priority int NOT NULL DEFAULT 0,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  registered_snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
  sweep_until xid8,
  swept_at timestamptz,
  PRIMARY KEY (consumer_name, event_pattern)
)
-- statement
CREATE INDEX integration_subscription_sweep_idx ON integration_subscription (consumer_name) WHERE swept_at IS NULL
-- statement
CREATE TABLE integration_consumer (
  consumer_name varchar(255) PRIMARY KEY,
  ordering varchar(63) NOT NULL DEFAULT 'none',
  paused_at timestamptz,
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
-- statement
CREATE TABLE integration_attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  inbox_event_id uuid NOT NULL REFERENCES inbox_event (id) ON DELETE CASCADE,
  attempt int NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  outcome varchar(63) NOT NULL,
  error_tag varchar(255),
  error text
)
-- statement
CREATE INDEX integration_attempt_delivery_idx ON integration_attempt (inbox_event_id, attempt)
-- statement
CREATE TABLE integration_replica (
  id uuid PRIMARY KEY,
  host varchar(255),
  pid int,
  status varchar(63) NOT NULL DEFAULT 'running',
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stopped_at timestamptz
)
