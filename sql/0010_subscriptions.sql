-- Late consumers are given earlier events in the order of ids, which have an index: backfill_after is the id up to which that
-- has been done. What is half done begins anew; giving an event twice makes the same delivery.
-- Compatible: processes of earlier versions may keep running while this is applied; they leave backfills to newer ones, and
-- log that they cannot read how far those came.
ALTER TABLE integration_subscription DROP COLUMN backfill_after
-- statement
ALTER TABLE integration_subscription
  ADD COLUMN backfill_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
