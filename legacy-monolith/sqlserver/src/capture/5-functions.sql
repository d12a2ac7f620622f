-- sys.fn_cdc_* and the table functions of each instance (specs section 4).

CREATE FUNCTION capture.max_lsn() RETURNS bytea LANGUAGE sql STABLE AS
  $$ SELECT start_lsn FROM capture.transactions WHERE start_lsn IS NOT NULL ORDER BY start_lsn DESC LIMIT 1 $$;

CREATE FUNCTION sys.fn_cdc_get_max_lsn() RETURNS sim.lsn LANGUAGE sql STABLE AS $$ SELECT capture.max_lsn() $$;

CREATE FUNCTION sys.fn_cdc_get_min_lsn(capture_instance text) RETURNS sim.lsn LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT capture.is_enabled() THEN RETURN capture.zero_lsn(); END IF;
  RETURN coalesce((SELECT c.start_lsn FROM cdc.change_tables c WHERE c.capture_instance = fn_cdc_get_min_lsn.capture_instance::bpchar), capture.zero_lsn());
END $$;

-- 80-bit step with carry; wraps around.
CREATE FUNCTION capture.step_lsn(lsn bytea, step int) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  b int;
BEGIN
  FOR i IN REVERSE octet_length(lsn) - 1 .. 0 LOOP
    b := get_byte(lsn, i) + step;
    lsn := set_byte(lsn, i, (b + 256) % 256);
    EXIT WHEN b BETWEEN 0 AND 255;
  END LOOP;
  RETURN lsn;
END $$;

CREATE FUNCTION sys.fn_cdc_increment_lsn(lsn_value bytea) RETURNS sim.lsn LANGUAGE sql IMMUTABLE AS $$ SELECT capture.step_lsn(lsn_value, 1) $$;
CREATE FUNCTION sys.fn_cdc_decrement_lsn(lsn_value bytea) RETURNS sim.lsn LANGUAGE sql IMMUTABLE AS $$ SELECT capture.step_lsn(lsn_value, -1) $$;

CREATE FUNCTION sys.fn_cdc_map_lsn_to_time(lsn_value bytea) RETURNS sim.datetime LANGUAGE sql STABLE AS
  $$ SELECT end_time FROM capture.transactions WHERE start_lsn = lsn_value $$;

CREATE FUNCTION sys.fn_cdc_map_time_to_lsn(relational_operator text, tracking_time timestamp) RETURNS sim.lsn LANGUAGE plpgsql STABLE AS $$
BEGIN
  CASE lower(btrim(relational_operator))
    WHEN 'largest less than' THEN
      RETURN (SELECT max(start_lsn) FROM capture.time_mapping WHERE tran_end_time < tracking_time);
    WHEN 'largest less than or equal' THEN
      RETURN (SELECT max(start_lsn) FROM capture.time_mapping WHERE tran_end_time <= tracking_time);
    WHEN 'smallest greater than' THEN
      RETURN (SELECT min(start_lsn) FROM capture.time_mapping WHERE tran_end_time > tracking_time);
    WHEN 'smallest greater than or equal' THEN
      RETURN (SELECT min(start_lsn) FROM capture.time_mapping WHERE tran_end_time >= tracking_time);
    ELSE RETURN NULL;
  END CASE;
END $$;

CREATE FUNCTION sys.fn_cdc_get_column_ordinal(capture_instance text, column_name text) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT capture.is_enabled() THEN RETURN NULL; END IF;
  RETURN (SELECT cc.column_ordinal FROM cdc.captured_columns cc JOIN cdc.change_tables c USING (object_id)
    WHERE c.capture_instance = fn_cdc_get_column_ordinal.capture_instance::bpchar AND cc.column_name = fn_cdc_get_column_ordinal.column_name::bpchar);
END $$;

CREATE FUNCTION sys.fn_cdc_is_bit_set("position" int, update_mask bytea) RETURNS sim.bit LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN "position" IS NULL OR update_mask IS NULL THEN NULL
    WHEN "position" < 1 OR "position" > octet_length(update_mask) * 8 THEN 0
    ELSE get_byte(update_mask, octet_length(update_mask) - 1 - ("position" - 1) / 8) >> ("position" - 1) % 8 & 1 END::int2
$$;

CREATE FUNCTION sys.fn_cdc_has_column_changed(capture_instance text, column_name text, update_mask bytea) RETURNS sim.bit LANGUAGE sql STABLE AS
  $$ SELECT sys.fn_cdc_is_bit_set(sys.fn_cdc_get_column_ordinal(capture_instance, column_name), update_mask) $$;

-- The one answer to every bad argument of the table functions.
CREATE FUNCTION capture.check_range(id int, from_lsn bytea, to_lsn bytea, option text, options text[], kind text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bytea := (SELECT start_lsn FROM cdc.change_tables WHERE object_id = id);
BEGIN
  IF (from_lsn >= low AND to_lsn <= capture.max_lsn() AND from_lsn <= to_lsn AND lower(btrim(option)) = ANY (options)) IS NOT TRUE THEN
    PERFORM sim.fail(313, 16, 3, format('An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_%s_changes_ ... .', kind));
  END IF;
END $$;

CREATE FUNCTION capture.mask_bits(mask bytea) RETURNS bit varying LANGUAGE sql IMMUTABLE AS
  $$ SELECT ('x' || encode(mask, 'hex'))::bit varying $$;

CREATE FUNCTION capture.bits_mask(bits bit) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(substring(int4send(substring(bits FROM i * 8 + 1 FOR 8)::bit(8)::int) FROM 4), '' ORDER BY i)
  FROM generate_series(0, length(bits) / 8 - 1) i
$$;

CREATE FUNCTION capture.create_change_functions(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  supports_net smallint := (SELECT supports_net_changes FROM cdc.change_tables WHERE object_id = id);
  columns text := '';
  typed text := '';
  keys text := (SELECT string_agg(format('%I', s.physical), ', ' ORDER BY k.index_ordinal) FROM cdc.index_columns k
    JOIN sim.columns s ON s.object_id = id AND s.name = k.column_name WHERE k.object_id = id);
  view text := (SELECT physical FROM sim.objects WHERE object_id = id);
  col record;
BEGIN
  FOR col IN SELECT s.physical, format_type(a.atttypid, a.atttypmod) AS type FROM cdc.captured_columns cc
    JOIN sim.columns s ON s.object_id = id AND s.name = cc.column_name
    JOIN pg_attribute a ON a.attrelid = format('capture.rows_%s', id)::regclass AND a.attname = s.physical
    WHERE cc.object_id = id ORDER BY cc.column_ordinal
  LOOP
    columns := columns || format(', %I', col.physical);
    typed := typed || format(', %I %s', col.physical, col.type);
  END LOOP;
  EXECUTE format($f$
CREATE FUNCTION cdc.%1$I(bytea, bytea, text) RETURNS TABLE ("__$start_lsn" sim.lsn, "__$seqval" sim.lsn, "__$operation" int, "__$update_mask" sim.varbinary128%2$s)
LANGUAGE plpgsql STABLE AS $b$
#variable_conflict use_column
BEGIN
  PERFORM capture.check_range(%3$s, $1, $2, $3, '{all,all update old}', 'all');
  RETURN QUERY SELECT "__$start_lsn"::sim.lsn, "__$seqval"::sim.lsn, "__$operation", "__$update_mask"::sim.varbinary128%4$s FROM cdc.%5$I
    WHERE "__$start_lsn" BETWEEN $1 AND $2 AND ("__$operation" <> 3 OR lower(btrim($3)) = 'all update old')
    ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation";
END $b$ $f$, capture.register_function(id, 'all', ARRAY['__$start_lsn binary 10 0 0', '__$seqval binary 10 0 0', '__$operation int 4 10 0',
    '__$update_mask varbinary 128 0 0 null']), typed, id, columns, view);
  IF supports_net = 0 THEN RETURN; END IF;
  EXECUTE format($f$
CREATE FUNCTION cdc.%1$I(bytea, bytea, text) RETURNS TABLE ("__$start_lsn" sim.lsn, "__$operation" int, "__$update_mask" sim.varbinary128%2$s)
LANGUAGE plpgsql STABLE AS $b$
#variable_conflict use_column
BEGIN
  PERFORM capture.check_range(%3$s, $1, $2, $3, '{all,all with mask,all with merge}', 'net');
  RETURN QUERY
  WITH changes AS (
    SELECT *, first_value("__$operation") OVER oldest AS first_operation,
      row_number() OVER (PARTITION BY %6$s ORDER BY "__$start_lsn" DESC, "__$command_id" DESC, "__$seqval" DESC, "__$operation" DESC) AS age,
      capture.bits_mask(bit_or(capture.mask_bits("__$update_mask")) OVER (PARTITION BY %6$s)) AS net_mask
    FROM cdc.%5$I WHERE "__$start_lsn" BETWEEN $1 AND $2 AND "__$operation" <> 3
    WINDOW oldest AS (PARTITION BY %6$s ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation")
  )
  SELECT "__$start_lsn"::sim.lsn,
    CASE WHEN "__$operation" = 1 THEN 1 WHEN lower(btrim($3)) = 'all with merge' THEN 5 WHEN first_operation = 2 THEN 2 ELSE 4 END,
    CASE WHEN lower(btrim($3)) = 'all with mask' AND first_operation <> 2 AND "__$operation" <> 1 THEN net_mask END::sim.varbinary128%4$s
  FROM changes WHERE age = 1 AND NOT (first_operation = 2 AND "__$operation" = 1)
  ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation";
END $b$ $f$, capture.register_function(id, 'net', ARRAY['__$start_lsn binary 10 0 0', '__$operation int 4 10 0',
    '__$update_mask varbinary 128 0 0 null']), typed, id, columns, view, keys);
END $$;

-- Catalog rows of a table function, made once. @returns its physical name
CREATE FUNCTION capture.register_function(change_table int, kind text, columns text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  instance text := (SELECT capture_instance::text FROM cdc.change_tables WHERE object_id = change_table);
  declared text := format('fn_cdc_get_%s_changes_%s', kind, instance);
  result text := CASE WHEN octet_length(declared) > 63 THEN format('fn_cdc_%s_%s', kind, change_table) ELSE lower(declared) END;
  id int;
BEGIN
  DELETE FROM sim.columns WHERE object_id IN (SELECT object_id FROM sim.objects WHERE schema_name = 'cdc' AND name = declared::bpchar);
  DELETE FROM sim.objects WHERE schema_name = 'cdc' AND name = declared::bpchar;
  id := capture.register_object(declared, result, 'IF', change_table);
  PERFORM capture.register_columns(id, columns);
  INSERT INTO sim.columns (object_id, column_id, name, physical, type_name, max_length, precision, scale, is_nullable)
    SELECT id, cardinality(columns) + cc.column_ordinal, s.name, s.physical, s.type_name, s.max_length, s.precision, s.scale, true
    FROM cdc.captured_columns cc JOIN sim.columns s ON s.object_id = change_table AND s.name = cc.column_name WHERE cc.object_id = change_table;
  RETURN result;
END $$;
