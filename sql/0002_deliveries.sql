-- The inbox: one row per delivery, that is one event for one consumer, and the history of its attempts.
--
-- status and available_at say what becomes of a delivery:
--
--   received     waits until available_at to be handled for the first time
--   processing   is being handled under a lease: until locked_until, nobody but the holder of lease_token settles it
--   failed       waits until available_at for its retry; without available_at it gave up, dead letters being switched off
--   processed, skipped, dead_letter   are settled for good
--
-- What its consumer's order holds back is parked: available_at is 'infinity', which takes it out of the index that claims
-- read. event_name, schema_version and position are the event's, so that a claim decides without reading events.
--
-- A delivery is found by its event and consumer: every change of its status writes each index of the table once more. Its id,
-- which users and logs are told, is made of both and begins as the event's does (16 digits), which is enough to find it by.
CREATE TABLE inbox_event (
  id uuid NOT NULL,
  outbox_event_id uuid NOT NULL,
  consumer_name varchar(255) NOT NULL,
  event_name varchar(255) NOT NULL,
  schema_version int NOT NULL DEFAULT 1,
  position bigint NOT NULL,
  -- A hash of the event's aggregate, for consumers that keep its order.
  ordering_key bigint,
  -- Counts from 0, the highest priority; null when all consumers of the event have the same.
  tier smallint,
  status varchar(63) NOT NULL DEFAULT 'received'
    CONSTRAINT inbox_event_status_check
    CHECK (status IN ('received', 'processing', 'processed', 'failed', 'skipped', 'dead_letter')),
  attempt_count int NOT NULL DEFAULT 0,
  last_error varchar(1023),
  error_tag varchar(255),
  available_at timestamptz DEFAULT clock_timestamp(),
  locked_until timestamptz,
  lease_token uuid,
  -- An edited dead letter changes nobody else's event.
  payload_override jsonb,
  processed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (outbox_event_id, consumer_name)
)
-- statement
-- What a claim reads: open, claimable rows only, so its cost depends neither on history nor on parked rows.
CREATE INDEX inbox_event_claim_idx ON inbox_event (consumer_name, available_at, position)
  WHERE status IN ('received', 'failed') AND available_at < 'infinity'
-- statement
-- Lookups by status; rows on the normal path never enter it.
CREATE INDEX inbox_event_status_idx ON inbox_event (status, consumer_name, updated_at)
  WHERE status IN ('failed', 'skipped', 'dead_letter')
-- statement
-- An ordering key's open deliveries, in order.
CREATE INDEX inbox_event_key_idx ON inbox_event (consumer_name, ordering_key, position)
  WHERE ordering_key IS NOT NULL AND status IN ('received', 'processing', 'failed') AND available_at IS NOT NULL
-- statement
-- Deliveries that gave up: under "park" they hold up what comes after them.
CREATE INDEX inbox_event_gave_up_idx ON inbox_event (consumer_name, ordering_key, position)
  WHERE ordering_key IS NOT NULL AND (status = 'dead_letter' OR (status = 'failed' AND available_at IS NULL))
-- statement
-- Parked deliveries, for the sweep that looks for those nothing blocks any more.
CREATE INDEX inbox_event_parked_idx ON inbox_event (consumer_name, ordering_key, position)
  WHERE status IN ('received', 'failed') AND available_at = 'infinity'
-- statement
-- Leases, for those that ran out.
CREATE INDEX inbox_event_lease_idx ON inbox_event (consumer_name, locked_until) WHERE status = 'processing'
-- statement
-- Dead letters, newest first.
CREATE INDEX inbox_event_dead_idx ON inbox_event (coalesce(processed_at, updated_at), id)
  WHERE status = 'dead_letter' OR (status = 'failed' AND available_at IS NULL)
-- statement
-- What gave up as failed, beside the many that are to be tried again: counted for each consumer.
CREATE INDEX inbox_event_failed_idx ON inbox_event (consumer_name) WHERE status = 'failed' AND available_at IS NULL
-- statement
-- Dead letters that are named.
CREATE INDEX inbox_event_dead_id_idx ON inbox_event (id)
  WHERE status = 'dead_letter' OR (status = 'failed' AND available_at IS NULL)
-- statement
-- What failed, and notes of attempts that may end their process (outcome 'started'): those outlive a crash.
CREATE TABLE integration_attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outbox_event_id uuid NOT NULL,
  consumer_name varchar(255) NOT NULL,
  attempt int NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz DEFAULT clock_timestamp(),
  outcome varchar(63) NOT NULL,
  error_tag varchar(255),
  error text,
  -- Whose note it is.
  replica_id uuid,
  -- Of a note: how many attempts began together. One of several is not charged, but made alone.
  together int NOT NULL DEFAULT 1,
  FOREIGN KEY (outbox_event_id, consumer_name) REFERENCES inbox_event ON DELETE CASCADE
)
-- statement
CREATE INDEX integration_attempt_delivery_idx ON integration_attempt (outbox_event_id, consumer_name, attempt)
-- statement
CREATE INDEX integration_attempt_started_idx ON integration_attempt (outbox_event_id, consumer_name) WHERE outcome = 'started'
-- statement
-- Deliveries go with their events, whoever removes those. A foreign key would look each event up again when its deliveries
-- are written; this runs once per statement that deletes.
CREATE FUNCTION integration_remove_deliveries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE inbox_event CASCADE;
  ELSIF current_setting('transaction_isolation') = 'repeatable read' THEN
    RAISE EXCEPTION 'Events cannot be removed by a transaction that is REPEATABLE READ'
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'It does not see deliveries that were committed meanwhile: they would stay. Use READ COMMITTED or SERIALIZABLE.';
  ELSE
    DELETE FROM inbox_event AS i USING removed AS r WHERE i.outbox_event_id = r.id;
  END IF;
  RETURN NULL;
END
$$
-- statement
-- As with a foreign key, who may delete events needs no rights to deliveries. It finds the tables whatever the search_path,
-- and nobody else can attach it to a table of theirs.
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION integration_remove_deliveries() SET search_path = %I, pg_temp', current_schema());
END $$
-- statement
REVOKE ALL ON FUNCTION integration_remove_deliveries() FROM PUBLIC
-- statement
CREATE TRIGGER integration_event_deleted AFTER DELETE ON integration_event
  REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION integration_remove_deliveries()
-- statement
CREATE TRIGGER integration_event_truncated AFTER TRUNCATE ON integration_event
  FOR EACH STATEMENT EXECUTE FUNCTION integration_remove_deliveries()
