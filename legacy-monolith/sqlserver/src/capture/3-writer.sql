-- The writer's side: statement triggers with transition tables put the images of changed rows into capture.rows_<change table>,
-- in the writer's own transaction. One function an event and a table serves all its instances; it is generated, so that
-- every statement in it is planned once and compares exactly the captured columns.
--
-- Rows of an UPDATE are paired by their ordinal: PostgreSQL appends a row's old and new image to the two transition tables
-- together. Images are compared byte for byte (*<>): a change of case, of trailing blanks, is a change.

-- A captured column as the writer needs it.
CREATE TYPE capture.captured AS (
  ordinal int,
  column_id int,
  name text,                              -- declared
  physical text,
  alive boolean,                          -- still in the source and stored there
  lob text                                -- 'legacy' text ntext image; 'max' (n)varchar(max), varbinary(max); NULL
);

CREATE FUNCTION capture.captured_columns(instance_id int) RETURNS SETOF capture.captured LANGUAGE sql STABLE AS $$
  SELECT cc.column_ordinal, cc.column_id, cc.column_name::text, ct.physical,
         s.object_id IS NOT NULL AND cc.is_computed = 0,
         CASE WHEN s.type_name IN ('text', 'ntext', 'image') THEN 'legacy'
              WHEN s.type_name IN ('varchar', 'nvarchar', 'varbinary') AND s.max_length = -1 THEN 'max' END
  FROM cdc.captured_columns cc
  JOIN capture.instances i ON i.object_id = cc.object_id
  JOIN sim.columns ct ON ct.object_id = cc.object_id AND ct.name = cc.column_name
  LEFT JOIN sim.columns s ON s.object_id = i.source_object_id AND s.column_id = cc.column_id AND s.name = cc.column_name
  WHERE cc.object_id = instance_id ORDER BY cc.column_ordinal
$$;

-- All bits of a mask: 4 columns 0x0F, 9 columns 0x01FF.
CREATE FUNCTION capture.full_mask(column_count int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN column_count % 8 = 0 THEN '\x'::bytea ELSE substring(int4send((1 << (column_count % 8)) - 1) FROM 4) END
      || decode(repeat('ff', column_count / 8), 'hex')
$$;

-- SQL text of a mask from the flags c<column_id>: the byte of the first eight columns comes last.
CREATE FUNCTION capture.mask_expression(instance_id int) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(format('substring(int4send(%s) FROM 4)', bits), ' || ' ORDER BY byte DESC) FROM (
    SELECT (ordinal - 1) / 8 AS byte,
           string_agg(CASE WHEN alive THEN format('c%s::int * %s', column_id, 1 << (ordinal - 1) % 8) ELSE '0' END,
                      ' + ' ORDER BY ordinal) AS bits
    FROM capture.captured_columns(instance_id) GROUP BY 1) bytes
$$;

-- (columns, values) of the INSERT that stores an image; `side` i, d or u: what the statement is.
CREATE FUNCTION capture.image_columns(instance_id int, side text, OUT names text, OUT vals text) LANGUAGE sql STABLE AS $$
  SELECT coalesce(string_agg(format(', %I', physical), '' ORDER BY ordinal), ''),
         coalesce(string_agg(', ' || CASE
           WHEN side <> 'u' THEN format('%I', physical)
           WHEN lob = 'legacy' THEN format('CASE WHEN operation IN (2, 4) THEN n%s END', column_id)
           WHEN lob = 'max' THEN format(
             'CASE operation WHEN 3 THEN CASE WHEN c%1$s THEN o%1$s END WHEN 1 THEN o%1$s%2$s ELSE n%1$s END', column_id,
             CASE WHEN (SELECT unchanged_lob_null FROM capture.options)
               THEN format(' WHEN 4 THEN CASE WHEN c%1$s THEN n%1$s END', column_id) END)
           ELSE format('CASE WHEN operation IN (1, 3) THEN o%1$s ELSE n%1$s END', column_id) END, '' ORDER BY ordinal), '')
  FROM capture.captured_columns(instance_id)
  WHERE alive AND NOT (side = 'd' AND lob IS NOT DISTINCT FROM 'legacy')
$$;

-- Text of the function for INSERT (inserted, operation 2) or DELETE (deleted, operation 1).
CREATE FUNCTION capture.single_image_body(instance_ids int[], side text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  source text := CASE side WHEN 'i' THEN 'inserted' ELSE 'deleted' END;
  body text;
  i int;
  image record;
BEGIN
  body := format($f$
DECLARE
  "__$total" bigint := (SELECT count(*) FROM %1$s);
  "__$base" int := capture.current_command();
  "__$tran" bigint;
  "__$positions" bigint[];
BEGIN
  IF "__$total" = 0 THEN RETURN NULL; END IF;
  "__$tran" := capture.begin_tran();
  "__$positions" := capture.positions("__$total");$f$, source);
  FOR i IN 1 .. cardinality(instance_ids) LOOP
    image := capture.image_columns(instance_ids[i], side);
    body := body || format($f$
  INSERT INTO capture.rows_%1$s ("__$tran", "__$command_id", "__$seqval", "__$operation", "__$update_mask"%2$s)
    SELECT "__$tran", "__$base" + ("__$ord" - 1)::int * %3$s + %4$s,
           capture.seqval("__$positions", "__$ord", "__$tran", "__$base"), %5$s, %6$L::bytea%7$s
    FROM (SELECT row_number() OVER () AS "__$ord", * FROM %8$s) r;$f$,
      instance_ids[i], image.names, cardinality(instance_ids), i, CASE side WHEN 'i' THEN 2 ELSE 1 END,
      capture.full_mask((SELECT count(*)::int FROM capture.captured_columns(instance_ids[i]))), image.vals, source);
  END LOOP;
  RETURN body || format($f$
  PERFORM capture.set_command("__$base" + ("__$total" * %s)::int);
  RETURN NULL;
END $f$, cardinality(instance_ids));
END $$;

-- Text of the function for UPDATE. Events: changed key = all deletes (phase 1), then, behind the plain updates (2), all inserts
-- (3); the two halves share the seqval. Nothing captured changed: no event.
CREATE FUNCTION capture.update_body(source_id int, instance_ids int[]) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  keys int[] := ARRAY(SELECT DISTINCT ic.column_id FROM sim.indexes x JOIN sim.index_columns ic USING (object_id, index_id)
    JOIN sim.columns c ON c.object_id = x.object_id AND c.column_id = ic.column_id AND c.computed_text IS NULL
    WHERE x.object_id = source_id AND x.is_unique AND NOT ic.included);
  used int[] := ARRAY(SELECT DISTINCT column_id FROM unnest(instance_ids) i, capture.captured_columns(i) WHERE alive
    UNION SELECT unnest(keys));
  pair_columns text := '';
  flags text := '';
  old_columns text := '';
  new_columns text := '';
  c record;
  body text;
BEGIN
  FOR c IN SELECT column_id, physical FROM sim.columns WHERE object_id = source_id AND column_id = ANY (used) ORDER BY 1 LOOP
    old_columns := old_columns || format(', %I AS o%s', c.physical, c.column_id);
    new_columns := new_columns || format(', %I AS n%s', c.physical, c.column_id);
    pair_columns := pair_columns || format(', o%1$s, n%1$s', c.column_id);
    flags := flags || format(', ROW(o%1$s)::record *<> ROW(n%1$s)::record AS c%1$s', c.column_id);
  END LOOP;
  body := format($f$
DECLARE
  base int := capture.current_command();
  last int;
BEGIN
  IF NOT EXISTS (SELECT FROM inserted) THEN RETURN NULL; END IF;
  WITH pairs AS MATERIALIZED (
    SELECT ord%1$s%2$s
    FROM (SELECT row_number() OVER () AS ord%3$s FROM deleted) d JOIN (SELECT row_number() OVER () AS ord%4$s FROM inserted) i USING (ord)
  ), changes AS (%5$s
  ), events AS MATERIALIZED (
    SELECT e.*, operation, dense_rank() OVER (ORDER BY CASE operation WHEN 1 THEN 1 WHEN 2 THEN 3 ELSE 2 END, ord, instance)::int AS command
    FROM changes e JOIN (VALUES (1, true), (2, true), (3, false), (4, false)) v (operation, on_key) ON e.keyed = v.on_key
  ), t AS MATERIALIZED (
    SELECT capture.begin_tran() AS tran, capture.positions(max(ord)) AS positions FROM events HAVING count(*) > 0
  )$f$, pair_columns, flags, old_columns, new_columns,
    (SELECT string_agg(format(E'\n    SELECT %s AS instance, %s AS mask, %s AS keyed, pairs.* FROM pairs WHERE %s', i,
        capture.mask_expression(instance_ids[i]),
        coalesce((SELECT string_agg('c' || k, ' OR ') FROM unnest(keys) k), 'false'),
        coalesce((SELECT string_agg('c' || column_id, ' OR ') FROM capture.captured_columns(instance_ids[i]) WHERE alive), 'false')),
      E'\n    UNION ALL') FROM generate_subscripts(instance_ids, 1) i));
  FOR i IN 1 .. cardinality(instance_ids) LOOP
    body := body || (SELECT format($f$, i%1$s AS (
    INSERT INTO capture.rows_%2$s ("__$tran", "__$command_id", "__$seqval", "__$operation", "__$update_mask"%3$s)
      SELECT tran, base + command, capture.seqval(positions, ord, tran, base), operation,
             CASE WHEN operation IN (1, 2) THEN %4$L::bytea ELSE mask END%5$s
      FROM events, t WHERE instance = %1$s
  )$f$, i, instance_ids[i], image.names,
      capture.full_mask((SELECT count(*)::int FROM capture.captured_columns(instance_ids[i]))), image.vals)
      FROM capture.image_columns(instance_ids[i], 'u') image);
  END LOOP;
  RETURN body || $f$
  SELECT max(command) INTO last FROM events;
  IF last IS NOT NULL THEN PERFORM capture.set_command(base + last); END IF;
  RETURN NULL;
END $f$;
END $$;

-- Makes functions and triggers of a source table fit its instances, columns and keys. The caller holds the table's lock.
CREATE FUNCTION capture.rebuild_writer(source_id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source text := (SELECT format('%I.%I', lower(schema_name), physical) FROM sim.objects WHERE object_id = source_id);
  instance_ids int[] := ARRAY(SELECT object_id FROM capture.instances WHERE source_object_id = source_id ORDER BY object_id);
  event record;
BEGIN
  FOR event IN SELECT * FROM (VALUES
    ('insert', 'NEW TABLE AS inserted'), ('update', 'OLD TABLE AS deleted NEW TABLE AS inserted'), ('delete', 'OLD TABLE AS deleted')
  ) v (name, tables) LOOP
    IF cardinality(instance_ids) = 0 THEN
      EXECUTE format('DROP TRIGGER IF EXISTS a_capture_%s ON %s', event.name, source);
      EXECUTE format('DROP FUNCTION IF EXISTS capture.%s_%s()', event.name, source_id);
      CONTINUE;
    END IF;
    EXECUTE format('CREATE OR REPLACE FUNCTION capture.%s_%s() RETURNS trigger LANGUAGE plpgsql %s AS %L', event.name, source_id,
      -- The plan is kept from statements over one row: pairing 100,000 rows by a nested loop would take hours.
      CASE event.name WHEN 'update' THEN 'SET enable_nestloop = off' END,
      CASE event.name WHEN 'update' THEN capture.update_body(source_id, instance_ids)
                      ELSE capture.single_image_body(instance_ids, left(event.name, 1)) END);
    EXECUTE format('CREATE OR REPLACE TRIGGER a_capture_%1$s AFTER %1$s ON %2$s REFERENCING %3$s FOR EACH STATEMENT EXECUTE FUNCTION capture.%1$s_%4$s()',
      event.name, source, event.tables, source_id);
  END LOOP;
  IF cardinality(instance_ids) = 0 THEN
    EXECUTE format('DROP TRIGGER IF EXISTS a_capture_truncate ON %s', source);
  ELSE
    EXECUTE format('CREATE OR REPLACE TRIGGER a_capture_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION capture.refuse_truncate(%L)',
      source, (SELECT name FROM sim.objects WHERE object_id = source_id));
  END IF;
END $$;

CREATE FUNCTION capture.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim.fail(4711, 16, 1, format(
    'Cannot truncate table ''%s'' because it is published for replication or enabled for Change Data Capture.', TG_ARGV[0]));
  RETURN NULL;
END $$;
