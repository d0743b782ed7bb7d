-- What the payloads of events are, by name and version: written when definitions are registered, never needed to deliver.
--
-- json_schema describes what is stored (draft 2020-12); fingerprint is the SHA-256 of what it means, without descriptions and order.
-- has_up, has_down: whether there are steps from the version before, and back to it. last_seen_at is not more exact than a day.
CREATE TABLE integration_contract (
  event_name varchar(255) NOT NULL,
  version int NOT NULL,
  source_module varchar(127) NOT NULL,
  aggregate_type varchar(127) NOT NULL,
  owner varchar(127),
  deprecated varchar(255),
  json_schema jsonb NOT NULL,
  fingerprint char(64) NOT NULL,
  has_up boolean NOT NULL,
  has_down boolean NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (event_name, version)
)
