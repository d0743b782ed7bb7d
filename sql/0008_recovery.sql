-- What survives a bad day: leases, the history of failed attempts, processes and how they ended, and late consumers.
-- Compatible: processes of earlier versions may keep running while this is applied; they neither renew leases nor keep
-- notes of what they run.
--
-- A leased delivery that is being handled has the status 'processing' until locked_until; nobody but the holder of
-- lease_token settles it. careful_until: a process that served this consumer ended without a word; deliveries due up to
-- then are handled one at a time, with a note of each in integration_attempt (outcome 'started') that outlives a crash.
ALTER TABLE integration_consumer
  ADD COLUMN careful_until timestamptz,
  ADD COLUMN held_for_backfill boolean NOT NULL DEFAULT false
-- statement
-- backfill_from: events stored since then are given to a consumer that came later; '-infinity' stands for all.
-- backfill_after is the position up to which that has been done.
ALTER TABLE integration_subscription
  ADD COLUMN backfill_from timestamptz,
  ADD COLUMN backfill_after bigint NOT NULL DEFAULT 0,
  ADD COLUMN backfilled_at timestamptz
-- statement
CREATE INDEX integration_subscription_backfill_idx ON integration_subscription (consumer_name)
  WHERE backfill_from IS NOT NULL AND backfilled_at IS NULL
-- statement
ALTER TABLE integration_attempt ADD COLUMN replica_id uuid, ALTER COLUMN finished_at DROP NOT NULL
-- statement
CREATE INDEX integration_attempt_started_idx ON integration_attempt (inbox_event_id) WHERE outcome = 'started'
-- statement
-- consumers: names, with the number of workers. is_locked: a session lock shows whether the process lives.
ALTER TABLE integration_replica
  ADD COLUMN consumers jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN is_locked boolean NOT NULL DEFAULT false
-- statement
CREATE INDEX integration_replica_running_idx ON integration_replica (last_seen_at) WHERE status = 'running'
-- statement
-- Leases, for those that ran out.
CREATE INDEX inbox_event_lease_idx ON inbox_event (consumer_name, locked_until) WHERE status = 'processing'
-- statement
-- Dead letters, newest first.
CREATE INDEX inbox_event_dead_idx ON inbox_event (coalesce(processed_at, updated_at), id)
  WHERE status = 'dead_letter' OR (status = 'failed' AND available_at IS NULL)
