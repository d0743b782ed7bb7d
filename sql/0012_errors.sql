-- Failures by what is the same about them. error_fingerprint is of the last failed attempt, by a rule that has a version; null of what
-- was processed.
ALTER TABLE inbox_event ADD COLUMN error_fingerprint bigint
-- statement
-- Deliveries of a group that gave up, the last first. What is on the normal path never enters it.
CREATE INDEX inbox_event_fingerprint_idx ON inbox_event (error_fingerprint, coalesce(processed_at, updated_at), id)
  WHERE status = 'dead_letter' OR (status = 'failed' AND available_at IS NULL)
-- statement
-- Deliveries of a group that are tried again.
CREATE INDEX inbox_event_retrying_idx ON inbox_event (error_fingerprint)
  WHERE status = 'failed' AND available_at IS NOT NULL
-- statement
CREATE TABLE integration_error_group (
  fingerprint bigint PRIMARY KEY,
  rule int NOT NULL,
  consumer_name varchar(255) NOT NULL,
  error_tag varchar(255) NOT NULL,
  title varchar(1023) NOT NULL,
  sample varchar(1023) NOT NULL,
  sample_detail text,
  first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts bigint NOT NULL DEFAULT 0,
  event_names jsonb NOT NULL DEFAULT '[]',
  schema_versions jsonb NOT NULL DEFAULT '[]',
  application_versions jsonb NOT NULL DEFAULT '[]',
  state varchar(15) NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'known', 'resolved', 'ignored')),
  ignored_until timestamptz,
  resolved_at timestamptz,
  note varchar(1023),
  changed_by varchar(255),
  changed_at timestamptz
)
-- statement
CREATE INDEX integration_error_group_seen_idx ON integration_error_group (last_seen_at, fingerprint)
-- statement
-- Attempts of a group by hour, for a month.
CREATE TABLE integration_error_count (
  fingerprint bigint NOT NULL REFERENCES integration_error_group ON DELETE CASCADE,
  at timestamptz NOT NULL,
  attempts bigint NOT NULL,
  PRIMARY KEY (fingerprint, at)
)
