-- What ALTER TABLE does to captured tables (specs section 6). The DDL path calls before_ddl, then after_ddl with the catalog already
-- changed, in the DDL's own transaction.

-- `change`: drop_primary_key, rename_column, drop_column, alter_column, rename_table … `detail`: the column or constraint.
CREATE FUNCTION capture.before_ddl(id int, change text, detail text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  captured boolean := EXISTS (SELECT FROM capture.instances WHERE source_object_id = id);
BEGIN
  -- Nested: without an enabled database there is no cdc.captured_columns to plan a query on.
  IF captured AND change = 'rename_column' THEN
    IF EXISTS (SELECT FROM cdc.captured_columns c JOIN capture.instances i USING (object_id)
      WHERE i.source_object_id = id AND c.column_name = detail::bpchar)
    THEN
      PERFORM sim.fail(4928, 16, 1, format('Cannot alter column ''%s'' because it is ''REPLICATED''.', detail));
    END IF;
  END IF;
  IF captured AND change = 'drop_primary_key' THEN
    PERFORM sim.fail(4929, 16, 1, format('Cannot alter the table ''%s'' because it is enabled for Change Data Capture: its primary key is in use.', sim.object_name(id)));
  END IF;
  IF change = 'drop_primary_key' AND EXISTS (SELECT FROM capture.tracked WHERE object_id = id) THEN
    PERFORM sim.fail(22110, 16, 1, format('The primary key of table ''%s'' cannot be dropped: change tracking is enabled on the table. Disable it first.', sim.object_name(id)));
  END IF;
  IF change IN ('drop_column', 'alter_column', 'rename_column') AND EXISTS (SELECT FROM capture.tracked t JOIN sim.indexes x USING (object_id)
    JOIN sim.index_columns k USING (object_id, index_id) JOIN sim.columns c USING (object_id, column_id)
    WHERE t.object_id = id AND x.is_primary_key AND c.name = detail::bpchar AND change <> 'alter_column')
  THEN
    PERFORM sim.fail(22110, 16, 1, format('Column ''%s'' belongs to the primary key of a table with change tracking.', detail));
  END IF;
END $$;

-- Command NULL: only keys or indexes changed. The statement as the client wrote it comes in the setting sim.ddl_text, when it is known.
CREATE FUNCTION capture.after_ddl(id int, command text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  instance record;
  changed record;
  required boolean;
BEGIN
  FOR instance IN SELECT object_id FROM capture.instances WHERE source_object_id = id ORDER BY object_id LOOP
    required := false;
    FOR changed IN SELECT ct.column_id, s.type_name, s.max_length, s.precision, s.scale, s.physical
      FROM cdc.captured_columns cc JOIN sim.columns ct ON ct.object_id = instance.object_id AND ct.name = cc.column_name
      JOIN sim.columns s ON s.object_id = id AND s.column_id = cc.column_id AND s.name = cc.column_name
      WHERE cc.object_id = instance.object_id AND s.type_name <> 'timestamp'
        AND (s.type_name, s.max_length, s.precision, s.scale) IS DISTINCT FROM (ct.type_name, ct.max_length, ct.precision, ct.scale)
    LOOP
      IF NOT required THEN PERFORM capture.drop_change_view(instance.object_id); END IF;
      required := true;
      PERFORM capture.change_type(instance.object_id, id, changed.physical);
      UPDATE sim.columns SET type_name = changed.type_name, max_length = changed.max_length, precision = changed.precision, scale = changed.scale
        WHERE object_id = instance.object_id AND column_id = changed.column_id;
      UPDATE cdc.captured_columns SET column_type = changed.type_name
        WHERE object_id = instance.object_id AND column_ordinal = changed.column_id - 5;
    END LOOP;
    IF required THEN PERFORM capture.create_change_view(instance.object_id); END IF;
    IF command IS NOT NULL THEN
      INSERT INTO capture.ddl_history VALUES (id, instance.object_id, required::int,
        coalesce(nullif(current_setting('sim.ddl_text', true), ''), command), capture.begin_tran(), capture.now());
    END IF;
  END LOOP;
  IF FOUND THEN PERFORM capture.rebuild_writer(id); END IF;
  IF EXISTS (SELECT FROM capture.tracked WHERE object_id = id) THEN PERFORM capture.rebuild_tracking(id); END IF;
END $$;

-- Stored images follow the source's new type. Old values that do not fit are lost (NULL) and reported, as a failed capture would be.
CREATE FUNCTION capture.change_type(instance_id int, source_id int, column_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wanted text := capture.physical_type(source_id, column_name);
BEGIN
  EXECUTE format('ALTER TABLE capture.rows_%1$s ALTER COLUMN %2$I TYPE %3$s USING %2$I::%4$s', instance_id, column_name, wanted,
    split_part(wanted, ' COLLATE ', 1));
EXCEPTION WHEN data_exception OR cannot_coerce THEN
  PERFORM capture.record_error(8115, format('The captured values of column %s do not fit its new type.', column_name));
  EXECUTE format('ALTER TABLE capture.rows_%1$s ALTER COLUMN %2$I TYPE %3$s USING NULL', instance_id, column_name, wanted);
END $$;

-- DROP TABLE takes its instances and its change tracking along.
CREATE FUNCTION capture.before_drop_table(id int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM capture.drop_instance(object_id) FROM capture.instances WHERE source_object_id = id;
  IF EXISTS (SELECT FROM capture.tracked WHERE object_id = id) THEN PERFORM capture.disable_tracking(id); END IF;
END $$;
