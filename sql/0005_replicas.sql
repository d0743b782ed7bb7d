-- Processes: one row per start. consumers: what each serves, by name. is_locked: a session lock shows whether it lives.
CREATE TABLE integration_replica (
  id uuid PRIMARY KEY,
  host varchar(255),
  pid int,
  status varchar(63) NOT NULL DEFAULT 'running',
  consumers jsonb NOT NULL DEFAULT '{}',
  is_locked boolean NOT NULL DEFAULT false,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stopped_at timestamptz
)
-- statement
CREATE INDEX integration_replica_running_idx ON integration_replica (last_seen_at) WHERE status = 'running'
