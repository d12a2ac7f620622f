-- The log reader: one call is one scan and one PostgreSQL transaction, so a crash at any moment publishes all of it or nothing.

CREATE TABLE capture.published (
  last_position bigint NOT NULL,          -- of the newest published LSN
  last_record int NOT NULL
);
INSERT INTO capture.published VALUES (0, 0);

-- Health, read through sys.dm_cdc_log_scan_sessions and sys.dm_cdc_errors. As on SQL Server it is not kept over a crash.
CREATE UNLOGGED TABLE capture.scan_sessions (
  session_id int PRIMARY KEY,
  start_time timestamp(3) NOT NULL,
  end_time timestamp(3) NOT NULL,
  start_lsn bytea,
  end_lsn bytea,
  tran_count int NOT NULL,
  command_count bigint NOT NULL,
  last_commit_time timestamp(3),
  latency_seconds numeric NOT NULL,
  empty_scan_count int NOT NULL,
  error_count int NOT NULL
);
CREATE UNLOGGED TABLE capture.errors (
  entry_time timestamp(3) NOT NULL,
  error_number int NOT NULL,
  error_severity int NOT NULL,
  error_state int NOT NULL,
  error_message text NOT NULL
);
CREATE SEQUENCE capture.scan_session_ids;

CREATE TABLE capture.instances (
  object_id int PRIMARY KEY,              -- of the change table
  source_object_id int NOT NULL,
  storage name NOT NULL,                  -- capture.<storage> holds the images
  enable_tran bigint NOT NULL,            -- start_lsn is its LSN
  key_columns text[] NOT NULL             -- declared names, in key order; empty without key
);

CREATE TABLE capture.ddl_history (
  source_object_id int NOT NULL,
  object_id int NOT NULL,
  required_column_update smallint NOT NULL,
  ddl_command text NOT NULL,
  tran bigint NOT NULL,
  ddl_time timestamp(3) NOT NULL
);

CREATE FUNCTION capture.reader_lock() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 22903::bigint $$;

-- Publishes up to max_trans committed transactions. Nothing to publish: an idle placeholder when the newest entry is older
-- than idle_seconds, else nothing is written. empty_scans: how many scans before this one found nothing and were not recorded.
CREATE FUNCTION capture.scan(max_trans int, idle_seconds float8, empty_scans int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  started timestamp(3) := capture.now();
  last capture.published;
  batch record;
BEGIN
  -- The common case writes nothing and locks nothing.
  IF empty_scans = 0 AND NOT EXISTS (SELECT FROM capture.transactions WHERE start_lsn IS NULL) AND NOT capture.is_idle(idle_seconds) THEN
    RETURN 0;
  END IF;
  -- One reader at a time, whoever it is: the row is locked to the end of the scan.
  SELECT * INTO STRICT last FROM capture.published FOR UPDATE;
  IF NOT capture.is_enabled() THEN
    RETURN 0;                             -- disabled while this scan waited for its turn
  END IF;
  WITH waiting AS (
    SELECT tran, commit_position FROM capture.transactions WHERE start_lsn IS NULL ORDER BY commit_position LIMIT max_trans
  ), placed AS (
    SELECT tran, greatest(commit_position, last.last_position) AS place,
           CASE WHEN commit_position > last.last_position THEN 1
                ELSE last.last_record + row_number() OVER (ORDER BY commit_position) END::int AS record
    FROM waiting
  ), done AS (
    UPDATE capture.transactions t SET start_lsn = capture.lsn(p.place, p.record) FROM placed p WHERE t.tran = p.tran
    RETURNING p.place, p.record, t.start_lsn, t.end_time
  )
  SELECT count(*)::int AS size, min(start_lsn) AS first_lsn, max(start_lsn) AS last_lsn, max(end_time) AS newest,
         (array_agg(place ORDER BY start_lsn DESC))[1] AS place, (array_agg(record ORDER BY start_lsn DESC))[1] AS record
    INTO batch FROM done;
  IF batch.size = 0 THEN
    PERFORM capture.idle(idle_seconds);
  ELSE
    UPDATE capture.published SET last_position = batch.place, last_record = batch.record;
    PERFORM capture.start_instances();
  END IF;
  IF batch.size > 0 OR empty_scans > 0 THEN
    PERFORM capture.record_scan(started, batch.first_lsn, batch.last_lsn, batch.size, batch.newest, empty_scans);
  END IF;
  RETURN batch.size;
END $$;

-- Whether the newest published entry is older than that, or there is none.
CREATE FUNCTION capture.is_idle(idle_seconds float8) RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT coalesce((SELECT end_time FROM capture.transactions WHERE start_lsn IS NOT NULL ORDER BY start_lsn DESC LIMIT 1)
    <= capture.now() - make_interval(secs => idle_seconds), true)
$$;

CREATE FUNCTION capture.idle(idle_seconds float8) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  place bigint;
BEGIN
  IF NOT capture.is_idle(idle_seconds) THEN RETURN; END IF;
  place := nextval('capture.log');
  INSERT INTO capture.transactions (tran, begin_time, commit_position, end_time, tran_id, start_lsn)
    VALUES (place, capture.now(), place, capture.now(), '\x00', capture.lsn(place, 1));
  UPDATE capture.published SET last_position = place, last_record = 1;
END $$;

-- An instance starts at the LSN of the transaction that enabled it, once the reader got there.
CREATE FUNCTION capture.start_instances() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM cdc.change_tables WHERE start_lsn IS NULL) THEN RETURN; END IF;
  UPDATE cdc.change_tables c SET start_lsn = t.start_lsn
    FROM capture.instances i JOIN capture.transactions t ON t.tran = i.enable_tran
    WHERE i.object_id = c.object_id AND c.start_lsn IS NULL AND t.start_lsn IS NOT NULL;
END $$;

CREATE FUNCTION capture.record_scan(
  started timestamp, first_lsn bytea, last_lsn bytea, tran_count int, newest timestamp, empty_scans int
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kept CONSTANT int := 33;                -- dm_cdc_log_scan_sessions shows the last 32 sessions and the aggregate
  id int;
BEGIN
  -- Empty scans in a row are one session, as SQL Server shows them.
  IF tran_count = 0 THEN
    UPDATE capture.scan_sessions SET empty_scan_count = empty_scan_count + empty_scans, end_time = capture.now()
      WHERE session_id = (SELECT max(session_id) FROM capture.scan_sessions) AND scan_sessions.tran_count = 0;
    IF FOUND THEN RETURN; END IF;
  END IF;
  id := nextval('capture.scan_session_ids');
  INSERT INTO capture.scan_sessions VALUES (id, started, capture.now(), first_lsn, last_lsn, tran_count,
    tran_count, newest, greatest(0, coalesce(extract(epoch FROM capture.now() - newest), 0)), empty_scans, 0);
  DELETE FROM capture.scan_sessions WHERE session_id <= id - kept;
END $$;

CREATE FUNCTION capture.record_error(number int, message text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kept CONSTANT int := 1000;              -- enough to see a pattern, too few to grow
BEGIN
  INSERT INTO capture.errors VALUES (capture.now(), number, 16, 1, left(message, 1024));
  UPDATE capture.scan_sessions SET error_count = error_count + 1
    WHERE session_id = (SELECT max(session_id) FROM capture.scan_sessions);
  DELETE FROM capture.errors WHERE ctid = ANY (ARRAY(SELECT ctid FROM capture.errors ORDER BY entry_time DESC OFFSET kept));
END $$;
