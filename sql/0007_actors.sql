-- State of actors: one row per consumer and aggregate.
--
-- The parts of the key can be wider than a B-tree entry, so it is a hash of them, each with its length. revision counts
-- writes: a writer that knows an older one changes nothing. Room is left on the pages, so that updates stay there.
CREATE TABLE integration_actor (
  actor_hash text PRIMARY KEY GENERATED ALWAYS AS (md5(
    length(consumer_name)::text || ':' || consumer_name
    || length(source_module)::text || ':' || source_module
    || length(aggregate_type)::text || ':' || aggregate_type
    || length(aggregate_id)::text || ':' || aggregate_id
  )) STORED,
  position bigint GENERATED ALWAYS AS IDENTITY,
  consumer_name varchar(255) NOT NULL,
  source_module varchar(127) NOT NULL,
  aggregate_type varchar(127) NOT NULL,
  aggregate_id varchar(255) NOT NULL,
  state jsonb NOT NULL,
  schema_version int NOT NULL DEFAULT 1,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80)
-- statement
CREATE INDEX integration_actor_list_idx ON integration_actor (consumer_name, position)
