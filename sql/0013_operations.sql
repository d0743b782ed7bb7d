-- Work on many deliveries that gave up, which any process drives in small steps; and who did what.
--
-- state: canary (the first few are requeued, and waited for), running, then finished, stopped (somebody said so) or canary-failed.
-- cursor_at, cursor_id: up to where deliveries were taken, in the order in which they gave up; count_at, count_id: up to where they were
-- counted (counted of them). total is exact when is_total_exact. is_taken: nothing more is to be taken; finished_at: nor waited for.
CREATE TABLE integration_operation (
  id uuid PRIMARY KEY,
  kind varchar(31) NOT NULL CHECK (kind IN ('requeue', 'discard')),
  filter jsonb NOT NULL,
  cut_off timestamptz NOT NULL,
  canary int NOT NULL DEFAULT 0,
  pace double precision,
  reason varchar(1023),
  requested_by varchar(255) NOT NULL,
  role varchar(255) NOT NULL,
  state varchar(31) NOT NULL CHECK (state IN ('canary', 'running', 'finished', 'stopped', 'canary-failed')),
  cursor_at timestamptz,
  cursor_id uuid,
  is_taken boolean NOT NULL DEFAULT false,
  count_at timestamptz,
  count_id uuid,
  counted bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL,
  is_total_exact boolean NOT NULL,
  done bigint NOT NULL DEFAULT 0,
  settled bigint NOT NULL DEFAULT 0,
  failed_again bigint NOT NULL DEFAULT 0,
  last_error varchar(1023),
  stopped_by varchar(255),
  next_step_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
)
-- statement
CREATE INDEX integration_operation_open_idx ON integration_operation (next_step_at) WHERE finished_at IS NULL
-- statement
-- Deliveries that an operation requeued and that are not settled yet: each goes when it is counted.
CREATE TABLE integration_operation_delivery (
  operation_id uuid NOT NULL REFERENCES integration_operation ON DELETE CASCADE,
  outbox_event_id uuid NOT NULL,
  consumer_name varchar(255) NOT NULL,
  PRIMARY KEY (operation_id, outbox_event_id, consumer_name)
)
-- statement
-- Who did what, written in the transaction of the action.
CREATE TABLE integration_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who varchar(255) NOT NULL,
  role varchar(255) NOT NULL,
  action varchar(127) NOT NULL,
  target varchar(1023) NOT NULL,
  reason varchar(1023),
  affected bigint,
  outcome varchar(15) NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
  details jsonb
)
-- statement
CREATE INDEX integration_audit_at_idx ON integration_audit (at)
