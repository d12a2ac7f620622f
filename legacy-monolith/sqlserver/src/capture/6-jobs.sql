-- The capture and clean-up jobs: their settings (sp_cdc_*_job), the clean-up itself, and the views that show their health.
-- The jobs run in the capture loop (capture-job.ts), which listens on the channel sim_capture.

CREATE TABLE capture.jobs (
  job_type text PRIMARY KEY CHECK (job_type IN ('capture', 'cleanup')),
  job_id uuid NOT NULL DEFAULT gen_random_uuid(),
  maxtrans int,
  maxscans int,
  continuous boolean,
  pollinginterval bigint,
  retention bigint,
  threshold bigint,
  -- capture: it is to run. cleanup: it is to run once now.
  wanted boolean NOT NULL,
  -- Grows with each start: changed settings take effect then.
  starts int NOT NULL DEFAULT 1
);

CREATE FUNCTION capture.ensure_jobs() RETURNS void LANGUAGE sql AS $$
  INSERT INTO capture.jobs (job_type, maxtrans, maxscans, continuous, pollinginterval, retention, threshold, wanted)
    VALUES ('capture', 500, 10, true, 5, 0, 0, true), ('cleanup', 0, 0, false, 0, 4320, 5000, false)
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION capture.job_name(job_type text) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT 'cdc.' || sim.database_name() || '_' || job_type $$;

-- Fails unless the type is a job's. @returns it in lower case
CREATE FUNCTION capture.known_job(in_type text, must_exist boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM capture.require_enabled();
  IF lower(in_type) IN ('capture', 'cleanup') IS NOT TRUE THEN
    PERFORM sim.fail(22991, 16, 1, 'The value specified for the parameter @job_type must be N''capture'' to indicate a capture job, or N''cleanup'' to indicate a cleanup job.');
  END IF;
  IF must_exist AND NOT EXISTS (SELECT FROM capture.jobs WHERE job_type = lower(in_type)) THEN
    PERFORM sim.fail(22990, 16, 1, format('The specified Change Data Capture job ''%s'' does not exist.', capture.job_name(lower(in_type))));
  END IF;
  RETURN lower(in_type);
END $$;

-- Values that only the other job has are refused, as are values out of range. (The simulator does not know SQL Server's numbers.)
CREATE FUNCTION capture.check_job(
  type text, maxtrans int, maxscans int, continuous smallint, pollinginterval bigint, retention bigint, threshold bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF type = 'capture' AND (retention IS NOT NULL OR threshold IS NOT NULL) OR type = 'cleanup'
    AND (maxtrans IS NOT NULL OR maxscans IS NOT NULL OR continuous IS NOT NULL OR pollinginterval IS NOT NULL)
  THEN PERFORM sim.fail(40000, 16, 1, format('a parameter that a %s job does not have', type)); END IF;
  IF maxtrans <= 0 OR maxscans <= 0 OR pollinginterval NOT BETWEEN 0 AND 86399 OR retention NOT BETWEEN 1 AND 52494800 OR threshold <= 0
  THEN PERFORM sim.fail(40000, 16, 1, 'a job parameter is out of range'); END IF;
END $$;

CREATE FUNCTION capture.change_job(
  in_type text, in_maxtrans int, in_maxscans int, in_continuous smallint, in_pollinginterval bigint, in_retention bigint, in_threshold bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  type text := capture.known_job(in_type, true);
BEGIN
  PERFORM capture.check_job(type, in_maxtrans, in_maxscans, in_continuous, in_pollinginterval, in_retention, in_threshold);
  UPDATE capture.jobs SET maxtrans = coalesce(in_maxtrans, maxtrans), maxscans = coalesce(in_maxscans, maxscans),
    continuous = coalesce(in_continuous = 1, continuous), pollinginterval = coalesce(in_pollinginterval, pollinginterval),
    retention = coalesce(in_retention, retention), threshold = coalesce(in_threshold, threshold)
    WHERE job_type = type;
END $$;

CREATE FUNCTION capture.add_job(
  in_type text, start_job smallint, in_maxtrans int, in_maxscans int, in_continuous smallint, in_pollinginterval bigint, in_retention bigint, in_threshold bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  type text := capture.known_job(in_type, false);
BEGIN
  PERFORM capture.check_job(type, in_maxtrans, in_maxscans, in_continuous, in_pollinginterval, in_retention, in_threshold);
  IF EXISTS (SELECT FROM capture.jobs WHERE job_type = type) THEN
    PERFORM sim.fail(14261, 16, 1, format('The specified @name (''%s'') already exists.', capture.job_name(type)));
  END IF;
  IF type = 'capture' THEN
    INSERT INTO capture.jobs (job_type, maxtrans, maxscans, continuous, pollinginterval, retention, threshold, wanted)
      VALUES (type, coalesce(in_maxtrans, 500), coalesce(in_maxscans, 10), coalesce(in_continuous, 1) = 1, coalesce(in_pollinginterval, 5), 0, 0, coalesce(start_job, 1) = 1);
  ELSE
    INSERT INTO capture.jobs (job_type, maxtrans, maxscans, continuous, pollinginterval, retention, threshold, wanted)
      VALUES (type, 0, 0, false, 0, coalesce(in_retention, 4320), coalesce(in_threshold, 5000), false);
  END IF;
  NOTIFY sim_capture;
END $$;

CREATE FUNCTION capture.drop_job(in_type text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM capture.jobs WHERE job_type = capture.known_job(in_type, true);
  NOTIFY sim_capture;
END $$;

CREATE FUNCTION capture.want_job(in_type text, run boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  type text := capture.known_job(in_type, true);
BEGIN
  UPDATE capture.jobs SET wanted = run, starts = starts + run::int WHERE job_type = type;
  NOTIFY sim_capture;
END $$;

CREATE FUNCTION capture.help_jobs() RETURNS TABLE (
  job_id uuid, job_type text, job_name text, maxtrans int, maxscans int, continuous smallint, pollinginterval bigint, retention bigint, threshold bigint
) LANGUAGE sql STABLE AS $$
  SELECT j.job_id, j.job_type, capture.job_name(j.job_type), j.maxtrans, j.maxscans, j.continuous::int::smallint, j.pollinginterval, j.retention, j.threshold
  FROM capture.jobs j ORDER BY j.job_type
$$;

CREATE FUNCTION capture.bracketed(names text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT string_agg('[' || replace(n, ']', ']]') || ']', ', ' ORDER BY o) FROM unnest(names) WITH ORDINALITY u (n, o) $$;

CREATE FUNCTION capture.help(in_schema text, in_name text) RETURNS TABLE (
  source_schema text, source_table text, capture_instance text, object_id int, source_object_id int, start_lsn bytea, end_lsn bytea,
  supports_net_changes smallint, has_drop_pending smallint, role_name text, index_name text, filegroup_name text, create_date timestamp,
  index_column_list text, captured_column_list text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  source int;
BEGIN
  PERFORM capture.require_enabled();
  IF in_schema IS NOT NULL OR in_name IS NOT NULL THEN source := capture.source_table(in_schema, in_name); END IF;
  RETURN QUERY SELECT o.schema_name, o.name::text, c.capture_instance::text, c.object_id, c.source_object_id, c.start_lsn, c.end_lsn,
      c.supports_net_changes, c.has_drop_pending, c.role_name::text, c.index_name::text, c.filegroup_name::text, c.create_date::timestamp,
      capture.bracketed(ARRAY(SELECT k.column_name::text FROM cdc.index_columns k WHERE k.object_id = c.object_id ORDER BY k.index_ordinal)),
      capture.bracketed(ARRAY(SELECT k.column_name::text FROM cdc.captured_columns k WHERE k.object_id = c.object_id ORDER BY k.column_ordinal))
    FROM cdc.change_tables c JOIN sim.objects o ON o.object_id = c.source_object_id
    WHERE source IS NULL OR c.source_object_id = source ORDER BY o.name, c.object_id;
END $$;

-- sp_sim_capture: one option; the job takes it at once.
CREATE FUNCTION capture.set_option(option text, in_value text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  type text := (SELECT format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = 'capture.options'::regclass AND attnum > 0 AND attname = lower(option));
BEGIN
  IF type IS NULL THEN PERFORM sim.fail(40000, 16, 1, format('sp_sim_capture knows no option %s', option)); END IF;
  EXECUTE format('UPDATE capture.options SET %I = $1::text::%s', lower(option), type) USING in_value;
  IF lower(option) = 'unchanged_lob_null' THEN
    PERFORM capture.rebuild_writer(id) FROM (SELECT DISTINCT source_object_id AS id FROM capture.instances) i;
  END IF;
  UPDATE capture.jobs SET starts = starts + 1 WHERE job_type = 'capture';
  NOTIFY sim_capture;
END $$;

-- Clean-up, step 1: raises the low end points. in_instance NULL: of all instances below the mark. Committed before rows go, so
-- that a reader who checks fn_cdc_get_min_lsn after reading learns of every row it missed.
CREATE FUNCTION capture.raise_low_water(in_instance text, mark bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  low bytea;
BEGIN
  PERFORM capture.require_enabled();
  IF in_instance IS NOT NULL THEN
    SELECT start_lsn INTO low FROM cdc.change_tables WHERE capture_instance = in_instance::bpchar;
    IF NOT FOUND THEN
      PERFORM sim.fail(22920, 16, 1, format('The named capture instance %s does not exist for database %s.', in_instance, sim.database_name()));
    END IF;
    IF mark IS NULL THEN RETURN; END IF;
    IF NOT EXISTS (SELECT FROM capture.transactions WHERE start_lsn = mark) THEN
      PERFORM sim.fail(22964, 16, 1, format('LSN {%s}, specified as the new low end point for change table cleanup must represent the start_lsn value of a current entry in the cdc.lsn_time_mapping table. Choose an LSN value that satisfies this requirement.', capture.lsn_text(mark)));
    END IF;
    IF (mark >= low) IS NOT TRUE THEN
      PERFORM sim.fail(22957, 16, 1, format('LSN {%s}, specified as the new low end point for the change table associated with capture instance ''%s'', is not within the Change Data Capture timeline [{%s}, {%s}].',
        capture.lsn_text(mark), in_instance, capture.lsn_text(coalesce(low, capture.zero_lsn())), capture.lsn_text(capture.max_lsn())));
    END IF;
  END IF;
  UPDATE cdc.change_tables SET start_lsn = mark
    WHERE start_lsn < mark AND (in_instance IS NULL OR capture_instance = in_instance::bpchar);
END $$;

-- The mark of the clean-up job: the newest entry that is older than the newest one by the retention. NULL: nothing is that old.
CREATE FUNCTION capture.retention_mark() RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT max(start_lsn) FROM capture.time_mapping WHERE tran_end_time <=
    (SELECT tran_end_time FROM capture.time_mapping ORDER BY start_lsn DESC LIMIT 1)
    - make_interval(mins => (SELECT retention FROM capture.jobs WHERE job_type = 'cleanup')::int)
$$;

-- Step 2, again until it returns 0: deletes up to chunk_rows rows below the low end points, then entries of lsn_time_mapping that no
-- instance reaches. @returns rows deleted
CREATE FUNCTION capture.delete_chunk(chunk_rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  instance record;
  deleted bigint;
  low bytea;
BEGIN
  FOR instance IN SELECT object_id, start_lsn FROM cdc.change_tables WHERE start_lsn IS NOT NULL ORDER BY object_id LOOP
    EXECUTE format('DELETE FROM capture.rows_%1$s WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM capture.rows_%1$s r
      JOIN capture.transactions t ON t.tran = r."__$tran" WHERE t.start_lsn < $1 LIMIT $2))', instance.object_id)
      USING instance.start_lsn, chunk_rows;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    IF deleted > 0 THEN RETURN deleted; END IF;
  END LOOP;
  -- An instance that has not started yet starts above everything published.
  low := coalesce((SELECT min(start_lsn) FROM cdc.change_tables), capture.retention_mark());
  DELETE FROM capture.transactions WHERE tran = ANY (ARRAY(
    SELECT tran FROM capture.transactions WHERE start_lsn < low LIMIT chunk_rows));
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;

-- Health (specs section 5). Session 0 is the aggregate.
CREATE VIEW sys.dm_cdc_log_scan_sessions AS
  WITH s AS (
    SELECT session_id, start_time, end_time, start_lsn, end_lsn, tran_count, command_count, last_commit_time, latency_seconds, empty_scan_count, error_count
      FROM capture.scan_sessions
    UNION ALL
    SELECT 0, min(start_time), max(end_time), min(start_lsn), max(end_lsn), coalesce(sum(tran_count), 0), coalesce(sum(command_count), 0)::bigint, max(last_commit_time),
      coalesce((array_agg(latency_seconds ORDER BY session_id DESC) FILTER (WHERE tran_count > 0))[1], 0), coalesce(sum(empty_scan_count), 0), coalesce(sum(error_count), 0)
      FROM capture.scan_sessions
  )
  SELECT session_id, start_time::sim.datetime AS start_time, end_time::sim.datetime AS end_time,
    extract(epoch FROM end_time - start_time)::int AS duration, 'Done'::sim.sysname AS scan_phase, error_count::int AS error_count,
    capture.lsn_text(start_lsn)::sim.sysname AS start_lsn, capture.lsn_text(end_lsn)::sim.sysname AS current_lsn, capture.lsn_text(end_lsn)::sim.sysname AS end_lsn,
    tran_count::int AS tran_count, capture.lsn_text(end_lsn)::sim.sysname AS last_commit_lsn, last_commit_time::sim.datetime AS last_commit_time,
    command_count::bigint AS log_record_count, 0 AS schema_change_count, command_count::bigint AS command_count,
    capture.lsn_text(start_lsn)::sim.sysname AS first_begin_cdc_lsn, capture.lsn_text(end_lsn)::sim.sysname AS last_commit_cdc_lsn,
    last_commit_time::sim.datetime AS last_commit_cdc_time, latency_seconds::int AS latency, empty_scan_count::int AS empty_scan_count,
    0 AS failed_sessions_count
  FROM s;

CREATE VIEW sys.dm_cdc_errors AS
  SELECT 0 AS session_id, 0 AS phase_number, entry_time::sim.datetime AS entry_time, error_number, error_severity, error_state,
    error_message::sim.nvarchar_max AS error_message, '0'::sim.sysname AS start_lsn, '0'::sim.sysname AS begin_lsn, '0'::sim.sysname AS sequence_value
  FROM capture.errors;

CREATE VIEW sys.dm_server_services AS
  SELECT servicename::sim.sysname AS servicename, 2 AS startup_type, 'Automatic'::sim.sysname AS startup_type_desc, 4 AS status, 'Running'::sim.sysname AS status_desc,
    NULL::int AS process_id, NULL::sim.sysname AS service_account, 'N'::sim.sysname AS is_clustered
  FROM (VALUES ('SQL Server (MSSQLSERVER)'), ('SQL Server Agent (MSSQLSERVER)')) v (servicename);

-- log_end_lsn: above the LSN of everything committed before the call, below that of everything begun after it.
CREATE FUNCTION sys.dm_db_log_stats(database_id int) RETURNS TABLE (database_id int, recovery_model sim.sysname, log_end_lsn sim.sysname)
LANGUAGE sql VOLATILE AS $$
  SELECT $1, 'FULL'::sim.sysname, capture.lsn_text(capture.lsn(nextval('capture.log'), 0))::sim.sysname
$$;
