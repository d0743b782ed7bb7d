-- Settings that can change while processes run, and who changed them.
CREATE TABLE integration_setting (
  key varchar(255) PRIMARY KEY,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_by varchar(255)
)
-- statement
CREATE TABLE integration_setting_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key varchar(255) NOT NULL,
  value jsonb,
  previous_value jsonb,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_by varchar(255)
)
-- statement
CREATE INDEX integration_setting_history_key_idx ON integration_setting_history (key, changed_at)
