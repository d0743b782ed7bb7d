-- What a mailbox may ask for beyond being drained: order by aggregate, and a head start by priority.
-- Compatible: processes of earlier versions may keep running while this is applied; they do not keep the order.
--
-- ordering_key is a hash of the event's aggregate, set for consumers that are ordered by it. A delivery that another one
-- of its key blocks is parked: available_at is 'infinity', which takes it out of the claim index, until it is released.
-- tier counts from 0, the highest priority; it is null when all consumers of the event have the same.
ALTER TABLE inbox_event ADD COLUMN tier smallint
-- statement
-- A key's open deliveries, in order.
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
