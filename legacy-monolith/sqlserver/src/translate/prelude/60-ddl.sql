-- What DDL plans call: one line of a plan for one row of the catalog.

CREATE FUNCTION sim.object_id_of(schema_name text, name text) RETURNS int LANGUAGE sql STABLE AS $$
  SELECT o.object_id FROM sim.objects o WHERE o.schema_name = $1 AND o.name = $2::bpchar
$$;

CREATE FUNCTION sim.add_object(schema_name text, name text, physical text, type text, parent int, definition text, is_system_named boolean)
RETURNS int LANGUAGE sql AS $$
  INSERT INTO sim.objects (object_id, schema_name, name, physical, type, parent_object_id, definition, is_system_named)
  VALUES (nextval('sim.object_ids'), $1, $2, $3, $4, $5, $6, $7) RETURNING object_id
$$;
