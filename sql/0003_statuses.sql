-- Events with what became of them: columns that are derived from their deliveries when one asks, so they are always right.
--
--   status         processing: a delivery is being handled under a lease; pending: one is open, or none was written yet;
--                  else what the worst of them came to: dead_letter, failed, processed
--   attempt_count  the most attempts of a delivery
--   last_error     of a dead letter, else of one that failed, else of any
--   processed_at   when the last delivery was settled; null while one is open
--   updated_at     when a delivery last changed
--
-- A question by status looks at the deliveries of every event. inbox_event has indexes of what is open and what gave up.
CREATE VIEW outbox_event AS
SELECT
  e.id, e.position, e.transaction_id, e.event_name, e.schema_version, e.source_module, e.aggregate_type, e.aggregate_id,
  e.payload, e.metadata, e.dedupe_key, e.correlation_id, e.causation_id, e.traceparent, e.origin,
  (
    SELECT CASE
      WHEN bool_or(i.status = 'processing') THEN 'processing'
      WHEN e.routed_at IS NULL OR bool_or(i.status = 'received' OR (i.status = 'failed' AND i.available_at IS NOT NULL))
        THEN 'pending'
      WHEN bool_or(i.status = 'dead_letter') THEN 'dead_letter'
      WHEN bool_or(i.status = 'failed') THEN 'failed'
      ELSE 'processed'
    END
    FROM inbox_event AS i
    WHERE i.outbox_event_id = e.id
  )::varchar(63) AS status,
  (SELECT coalesce(max(i.attempt_count), 0) FROM inbox_event AS i WHERE i.outbox_event_id = e.id) AS attempt_count,
  (
    SELECT coalesce(
      max(i.last_error) FILTER (WHERE i.status = 'dead_letter'),
      max(i.last_error) FILTER (WHERE i.status = 'failed'),
      max(i.last_error)
    )
    FROM inbox_event AS i
    WHERE i.outbox_event_id = e.id
  )::varchar(1023) AS last_error,
  e.available_at, e.routed_at,
  (
    SELECT CASE WHEN count(*) = count(*) FILTER (
        WHERE i.status IN ('processed', 'skipped', 'dead_letter') OR (i.status = 'failed' AND i.available_at IS NULL)
      ) THEN greatest(e.routed_at, max(i.processed_at)) END
    FROM inbox_event AS i
    WHERE i.outbox_event_id = e.id
  ) AS processed_at,
  e.created_at,
  (
    SELECT greatest(e.created_at, e.routed_at, max(i.updated_at)) FROM inbox_event AS i WHERE i.outbox_event_id = e.id
  ) AS updated_at
FROM integration_event AS e
-- statement
-- The view takes INSERT and COPY as a table does. What is derived can be given on insert if it is what will be derived: programs that
-- write every column do so. An event has happened, so UPDATE takes only what accompanies it (a payload may have to be erased).
CREATE FUNCTION integration_write_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  derived text;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    derived := CASE
      WHEN NEW.status IS DISTINCT FROM OLD.status THEN 'status'
      WHEN NEW.attempt_count IS DISTINCT FROM OLD.attempt_count THEN 'attempt_count'
      WHEN NEW.last_error IS DISTINCT FROM OLD.last_error THEN 'last_error'
      WHEN NEW.processed_at IS DISTINCT FROM OLD.processed_at THEN 'processed_at'
      WHEN NEW.updated_at IS DISTINCT FROM OLD.updated_at THEN 'updated_at'
    END;
    IF (
      NEW.id, NEW.position, NEW.transaction_id, NEW.event_name, NEW.schema_version, NEW.source_module, NEW.aggregate_type,
      NEW.aggregate_id, NEW.origin, NEW.available_at, NEW.routed_at, NEW.created_at
    ) IS DISTINCT FROM (
      OLD.id, OLD.position, OLD.transaction_id, OLD.event_name, OLD.schema_version, OLD.source_module, OLD.aggregate_type,
      OLD.aggregate_id, OLD.origin, OLD.available_at, OLD.routed_at, OLD.created_at
    ) THEN
      RAISE EXCEPTION 'Of an event, only payload, metadata, dedupe_key, correlation_id, causation_id and traceparent can be changed'
        USING ERRCODE = 'generated_always', HINT = 'Its deliveries were made of the rest. Publish another event.';
    END IF;
  ELSE
    NEW.created_at := coalesce(NEW.created_at, clock_timestamp());
    derived := CASE
      WHEN NEW.status <> CASE WHEN NEW.routed_at IS NULL THEN 'pending' ELSE 'processed' END THEN 'status'
      WHEN NEW.attempt_count <> 0 THEN 'attempt_count'
      WHEN NEW.last_error IS NOT NULL THEN 'last_error'
      WHEN NEW.processed_at IS NOT NULL AND NEW.processed_at IS DISTINCT FROM NEW.routed_at THEN 'processed_at'
    END;
  END IF;
  IF derived IS NOT NULL THEN
    RAISE EXCEPTION 'Column % of outbox_event cannot be written: it is derived from the deliveries of the event', derived
      USING ERRCODE = 'generated_always', HINT = CASE TG_OP
        WHEN 'INSERT' THEN 'Leave the column out. An event inserted by SQL is given its deliveries by the next poll of a process.'
        ELSE 'Change the deliveries: requeue or discard dead letters with DeadLetters, end what nobody serves with Processor.retire; inbox_event shows them.'
      END;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    -- What this statement does not change may have been changed meanwhile.
    UPDATE integration_event AS e
    SET payload = CASE WHEN NEW.payload IS DISTINCT FROM OLD.payload THEN NEW.payload ELSE e.payload END,
      metadata = CASE WHEN NEW.metadata IS DISTINCT FROM OLD.metadata THEN NEW.metadata ELSE e.metadata END,
      dedupe_key = CASE WHEN NEW.dedupe_key IS DISTINCT FROM OLD.dedupe_key THEN NEW.dedupe_key ELSE e.dedupe_key END,
      correlation_id = CASE
        WHEN NEW.correlation_id IS DISTINCT FROM OLD.correlation_id THEN NEW.correlation_id ELSE e.correlation_id
      END,
      causation_id = CASE WHEN NEW.causation_id IS DISTINCT FROM OLD.causation_id THEN NEW.causation_id ELSE e.causation_id END,
      traceparent = CASE WHEN NEW.traceparent IS DISTINCT FROM OLD.traceparent THEN NEW.traceparent ELSE e.traceparent END
    WHERE e.id = OLD.id;
    RETURN CASE WHEN FOUND THEN NEW END;
  END IF;
  IF NEW.position IS NOT NULL THEN
    RAISE EXCEPTION 'Column position of outbox_event cannot be written: it counts insertions'
      USING ERRCODE = 'generated_always', HINT = 'Leave the column out.';
  END IF;
  INSERT INTO integration_event (
    id, transaction_id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload, metadata,
    dedupe_key, correlation_id, causation_id, traceparent, origin, available_at, routed_at, created_at
  )
  VALUES (
    coalesce(NEW.id, integration_event_id()), coalesce(NEW.transaction_id, pg_current_xact_id()), NEW.event_name,
    coalesce(NEW.schema_version, 1), NEW.source_module, NEW.aggregate_type, NEW.aggregate_id, NEW.payload, NEW.metadata,
    NEW.dedupe_key, NEW.correlation_id, NEW.causation_id, NEW.traceparent, NEW.origin,
    coalesce(NEW.available_at, clock_timestamp()), NEW.routed_at, NEW.created_at
  )
  RETURNING id, position, transaction_id, schema_version, available_at
  INTO NEW.id, NEW.position, NEW.transaction_id, NEW.schema_version, NEW.available_at;
  NEW.status := CASE WHEN NEW.routed_at IS NULL THEN 'pending' ELSE 'processed' END;
  NEW.attempt_count := 0;
  NEW.processed_at := NEW.routed_at;
  NEW.updated_at := greatest(NEW.created_at, NEW.routed_at);
  RETURN NEW;
END
$$
-- statement
-- Who may insert into the view needs no other rights. It finds the tables whatever the search_path of who writes, and nobody
-- else can attach it to a view of theirs.
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION integration_write_event() SET search_path = %I, pg_temp', current_schema());
END $$
-- statement
REVOKE ALL ON FUNCTION integration_write_event() FROM PUBLIC
-- statement
CREATE TRIGGER outbox_event_write INSTEAD OF INSERT OR UPDATE ON outbox_event
  FOR EACH ROW EXECUTE FUNCTION integration_write_event()
