-- Typed relations between entities of different modules.
--
-- The ends and the type of a link can be wider than a B-tree entry, so uniqueness is on a hash of them. Every part
-- carries its length: ("ab", "c") and ("a", "bc") are different links. Lists follow position, not the clock, which can
-- be set back.
CREATE TABLE integration_link (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  position bigint GENERATED ALWAYS AS IDENTITY,
  source_module varchar(127) NOT NULL,
  source_entity_type varchar(127) NOT NULL,
  source_entity_id varchar(255) NOT NULL,
  target_module varchar(127) NOT NULL,
  target_entity_type varchar(127) NOT NULL,
  target_entity_id varchar(255) NOT NULL,
  link_type varchar(63) NOT NULL,
  metadata jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  link_hash text NOT NULL GENERATED ALWAYS AS (md5(
    length(source_module)::text || ':' || source_module
    || length(source_entity_type)::text || ':' || source_entity_type
    || length(source_entity_id)::text || ':' || source_entity_id
    || length(target_module)::text || ':' || target_module
    || length(target_entity_type)::text || ':' || target_entity_type
    || length(target_entity_id)::text || ':' || target_entity_id
    || length(link_type)::text || ':' || link_type
  )) STORED
)
-- statement
CREATE UNIQUE INDEX integration_link_hash_idx ON integration_link (link_hash)
-- statement
-- With the position, so that a page of the links of an entity costs the same however many it has.
CREATE INDEX integration_link_source_idx
  ON integration_link (source_module, source_entity_type, source_entity_id, position)
-- statement
CREATE INDEX integration_link_target_idx
  ON integration_link (target_module, target_entity_type, target_entity_id, position)
-- statement
CREATE INDEX integration_link_type_idx ON integration_link (link_type, position)
