-- The stand-in for the transaction log. A sequence gives every change and every commit a position; positions are LSNs.
--
-- A transaction that changes a captured table inserts one row here with its first change. A deferred trigger stamps that row
-- at COMMIT with the next position and the time. The capture job publishes the stamped, visible rows in that order. Two
-- transactions that commit at the same moment may become visible in the other order; a row that turns up late gets a place
-- right behind the last published one, so no LSN ever appears below a published one. A transaction that waited for
-- another one's locks, or began after its COMMIT was acknowledged, always has the higher stamp.
-- Rejected: a lock held through COMMIT makes stamps exact, but makes every captured writer wait for every other's fsync.

CREATE SCHEMA capture;

CREATE SEQUENCE capture.log;

-- The first positions look like those of a young database: 0000002a:00000001:0001.
CREATE FUNCTION capture.lsn(log_position bigint, record int) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT int4send((42 + (log_position >> 24))::int) || int4send((log_position & 16777215)::int)
      || substring(int4send(record) FROM 3)
$$;

CREATE FUNCTION capture.lsn_text(lsn bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT substr(encode(lsn, 'hex'), 1, 8) || ':' || substr(encode(lsn, 'hex'), 9, 8) || ':' || substr(encode(lsn, 'hex'), 17, 4)
$$;

CREATE FUNCTION capture.zero_lsn() RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT '\x00000000000000000000'::bytea $$;

-- Server-local time, as GETDATE() gives it but read from the clock now, kept in 1/300 s.
CREATE FUNCTION capture.local_time(at timestamptz) RETURNS timestamp LANGUAGE sql STABLE AS
  $$ SELECT sim.dt((at AT TIME ZONE 'America/New_York')::timestamp) $$;

CREATE FUNCTION capture.now() RETURNS timestamp LANGUAGE sql VOLATILE AS
  $$ SELECT capture.local_time(clock_timestamp()) $$;

-- How this simulated server behaves where real ones differ, set by sp_sim_capture.
CREATE TABLE capture.options (
  seqval_disorder boolean NOT NULL DEFAULT false,
  unchanged_lob_null boolean NOT NULL DEFAULT false,    -- (max) columns that an update left alone: NULL in operation 4, too
  idle_placeholder_seconds float8,                      -- NULL: as configured
  poll_ms int
);
INSERT INTO capture.options DEFAULT VALUES;

CREATE TABLE capture.transactions (
  tran bigint PRIMARY KEY,                -- position of the first change
  begin_time timestamp(3) NOT NULL,
  commit_position bigint,                 -- NULL only inside the transaction itself
  end_time timestamp(3),
  tran_id bytea NOT NULL,                 -- 0x00: idle placeholder
  start_lsn bytea UNIQUE                  -- NULL until published
);
CREATE INDEX transactions_waiting ON capture.transactions (tran) WHERE start_lsn IS NULL;

CREATE FUNCTION capture.stamp_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE capture.transactions SET commit_position = nextval('capture.log'), end_time = capture.now() WHERE tran = NEW.tran;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER stamp_commit AFTER INSERT ON capture.transactions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.commit_position IS NULL) EXECUTE FUNCTION capture.stamp_commit();

-- The state of the running transaction is a local setting `tran command`: it goes with the transaction, and a rollback to a
-- savepoint takes it back together with the rows.
CREATE FUNCTION capture.current_tran() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT split_part(nullif(current_setting('capture.state', true), ''), ' ', 1)::bigint $$;

-- Commands counted so far in this transaction, over all instances.
CREATE FUNCTION capture.current_command() RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT coalesce(split_part(nullif(current_setting('capture.state', true), ''), ' ', 2)::int, 0) $$;

-- Opens the log's transaction with its first change; later calls find it. @returns its id
CREATE FUNCTION capture.begin_tran() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  current bigint := capture.current_tran();
BEGIN
  IF current IS NOT NULL THEN RETURN current; END IF;
  current := nextval('capture.log');
  INSERT INTO capture.transactions (tran, begin_time, tran_id)
    VALUES (current, capture.local_time(transaction_timestamp()), substring(int8send(current) FROM 3));
  PERFORM set_config('capture.state', current || ' 0', true);
  IF (SELECT seqval_disorder FROM capture.options) THEN PERFORM set_config('capture.seqval_disorder', 'on', true); END IF;
  RETURN current;
END $$;

CREATE FUNCTION capture.set_command(command int) RETURNS void LANGUAGE sql VOLATILE AS
  $$ SELECT set_config('capture.state', split_part(current_setting('capture.state'), ' ', 1) || ' ' || command, true) $$;

-- A record number has 16 bits: a statement of many rows spreads over several positions.
CREATE FUNCTION capture.positions(row_count bigint) RETURNS bigint[] LANGUAGE sql VOLATILE AS
  $$ SELECT array_agg(nextval('capture.log')) FROM generate_series(0, (row_count - 1) / 60000) $$;

-- seqval of the ordinal-th row of a statement. With the option seqval_disorder, later rows of a transaction get lower ones,
-- as SQL Server at times gives them (KB3030352): then only command_id tells the order.
CREATE FUNCTION capture.seqval(positions bigint[], ordinal bigint, tran bigint, command int)
RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN current_setting('capture.seqval_disorder', true) = 'on' AND command + ordinal <= 60000
    THEN capture.lsn(tran, (60001 - command - ordinal)::int)
    ELSE capture.lsn(positions[((ordinal - 1) / 60000 + 1)::int], ((ordinal - 1) % 60000 + 1)::int) END
$$;

CREATE VIEW capture.time_mapping AS
  SELECT start_lsn, begin_time AS tran_begin_time, end_time AS tran_end_time, tran_id,
         CASE WHEN tran_id = '\x00' THEN capture.zero_lsn() ELSE capture.lsn(tran, 1) END AS tran_begin_lsn
  FROM capture.transactions WHERE start_lsn IS NOT NULL;
