-- What processes say of themselves: which version they run and of which version the application is, whether they hear notifications,
-- and how many batches they have under way, of how many they may: the last sign of life says that. NULL: a process of an earlier
-- version, which says nothing. Older processes go on while this runs.
ALTER TABLE integration_replica
  ADD COLUMN version varchar(63),
  ADD COLUMN application_version varchar(255),
  ADD COLUMN is_listening boolean,
  ADD COLUMN batches int,
  ADD COLUMN max_batches int
