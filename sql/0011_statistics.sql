-- What happened, by minute and by hour: added up in memory by every process, and written every ten seconds when there was something.
--
-- What was published has no consumer ('' here). Durations and lags are histograms: how many were within each bound, in the order of
-- the bounds of StatisticStore, then those beyond.
CREATE TABLE integration_statistic (
  grain varchar(15) NOT NULL CHECK (grain IN ('minute', 'hour')),
  at timestamptz NOT NULL,
  consumer_name varchar(255) NOT NULL,
  event_name varchar(255) NOT NULL,
  schema_version int NOT NULL,
  published bigint NOT NULL DEFAULT 0,
  processed bigint NOT NULL DEFAULT 0,
  retried bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  gave_up bigint NOT NULL DEFAULT 0,
  duration_sum double precision NOT NULL DEFAULT 0,
  duration_counts bigint[] NOT NULL DEFAULT '{}',
  lag_sum double precision NOT NULL DEFAULT 0,
  lag_counts bigint[] NOT NULL DEFAULT '{}',
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (grain, at, consumer_name, event_name, schema_version)
)
-- statement
-- How much there was to do, at most once a minute: whoever writes a minute first has counted.
CREATE TABLE integration_gauge (
  at timestamptz NOT NULL,
  consumer_name varchar(255) NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  open bigint NOT NULL,
  retrying bigint NOT NULL,
  parked bigint NOT NULL,
  gave_up bigint NOT NULL,
  oldest_at timestamptz,
  is_exact boolean NOT NULL,
  PRIMARY KEY (at, consumer_name)
)
