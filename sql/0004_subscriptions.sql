-- Who consumes what, durably: subscriptions, and what outlives a restart of their consumers.
--
-- A publisher whose transaction could not see a subscription may have missed it. A sweep gives the consumer all events of transactions
-- that seen_snapshot does not see: it is what the registering transaction (transaction_id) saw, then what earlier sweeps have
-- looked at. sweep_until is noted when every snapshot sees the registering transaction: only transactions before sweep_until
-- can have published past it. swept_at is when all of them were gone. is_reordered: until then, deliveries may be written
-- without the key that the consumer's ordering wants, or with one.
--
-- backfill_from: events stored since then are given to a consumer that came later ('-infinity': all). backfill_after is the id
-- of the event up to which that has been done, backfilled_at when it was through.
CREATE TABLE integration_subscription (
  consumer_name varchar(255) NOT NULL,
  event_pattern varchar(255) NOT NULL,
  event_like text NOT NULL GENERATED ALWAYS AS (
    replace(replace(replace(replace(event_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
  ) STORED,
  priority int NOT NULL DEFAULT 0,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seen_snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
  is_reordered boolean NOT NULL DEFAULT false,
  sweep_until xid8,
  swept_at timestamptz,
  backfill_from timestamptz,
  backfill_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  backfilled_at timestamptz,
  PRIMARY KEY (consumer_name, event_pattern)
)
-- statement
CREATE INDEX integration_subscription_sweep_idx ON integration_subscription (consumer_name) WHERE swept_at IS NULL
-- statement
CREATE INDEX integration_subscription_backfill_idx ON integration_subscription (consumer_name)
  WHERE backfill_from IS NOT NULL AND backfilled_at IS NULL
-- statement
-- recovering_until: a process that served this consumer ended without a word, or a connection did in the middle of a batch;
-- deliveries due up to then are handled with a note of each attempt in integration_attempt. recovers_alone_until: those due up
-- to then one at a time, as a process has ended. held_for_backfill: an ordered consumer waits for its backfill. cool_until: a handler
-- asked that nothing be claimed until then. pause_reason: it was paused as too many of its attempts failed, counted since resumed_at.
CREATE TABLE integration_consumer (
  consumer_name varchar(255) PRIMARY KEY,
  ordering varchar(63) NOT NULL DEFAULT 'none',
  paused_at timestamptz,
  pause_reason varchar(1023),
  resumed_at timestamptz,
  cool_until timestamptz,
  recovering_until timestamptz,
  recovers_alone_until timestamptz,
  held_for_backfill boolean NOT NULL DEFAULT false,
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
