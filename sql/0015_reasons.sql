-- Why a setting was changed. NULL: nobody said. Older processes go on while this runs.
ALTER TABLE integration_setting_history ADD COLUMN reason varchar(1023)
