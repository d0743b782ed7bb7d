-- Indexes of outbox_event that cost less to keep: each one is written twice per event, when it is published and when it
-- gets its final status.
-- Compatible: processes of earlier versions may keep running while this is applied; their registration sweeps read more.
-- It takes as long as reading the table once, during which events cannot be stored.
DROP INDEX outbox_event_transaction_idx
-- statement
-- Who published around a registration. Transactions come in order but for rows that were updated, so ranges of pages are
-- enough. Ranges have no operators for xid8.
CREATE INDEX outbox_event_transaction_idx ON outbox_event USING brin ((transaction_id::text::bigint))
  WITH (pages_per_range = 64, autosummarize = on)
-- statement
DROP INDEX outbox_event_status_idx
-- statement
-- What needs attention, by status and time; finished events are in no index by status, pending ones in their own.
CREATE INDEX outbox_event_status_idx ON outbox_event (status, available_at) WHERE status NOT IN ('processed', 'pending')
