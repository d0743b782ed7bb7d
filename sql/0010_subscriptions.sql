-- Subscriptions: how late consumers are given events, and when the sweep of a registration ends.
-- Compatible: processes of earlier versions may keep running while this is applied; they leave backfills to newer ones, and
-- log that they cannot read how far those came.
--
-- backfill_after is the id of the event up to which a late consumer has been given what was there: ids have an index. What is
-- half done begins anew; giving an event twice makes the same delivery.
ALTER TABLE integration_subscription DROP COLUMN backfill_after
-- statement
ALTER TABLE integration_subscription
  ADD COLUMN backfill_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
-- statement
-- transaction_id: who wrote what publishers have to see. sweep_until is noted when every snapshot sees that transaction; only
-- transactions before sweep_until can have published past it.
ALTER TABLE integration_subscription ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()
