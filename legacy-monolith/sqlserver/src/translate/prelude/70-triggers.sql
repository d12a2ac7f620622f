-- What CREATE TRIGGER plans call. A T-SQL trigger is one PL/pgSQL function and one statement trigger for each of its events.

-- PostgreSQL fires triggers in the order of their names: capture's (a_) first, then these in the order they were made.
CREATE FUNCTION sim.attach_trigger(id int, event text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent sim.objects := (SELECT p FROM sim.objects p JOIN sim.triggers t ON t.parent_object_id = p.object_id WHERE t.object_id = id);
  name text := (SELECT physical FROM sim.objects WHERE object_id = id);
BEGIN
  EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I.%I REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()',
    'm_' || lpad(id::text, 10, '0') || '_' || event, event, parent.schema_name, parent.physical,
    CASE event WHEN 'insert' THEN 'NEW TABLE AS inserted' WHEN 'delete' THEN 'OLD TABLE AS deleted'
      ELSE 'OLD TABLE AS deleted NEW TABLE AS inserted' END,
    parent.schema_name, name || '$' || event);
END $$;

-- Errors of a trigger that stands in no T-SQL text: nesting beyond 32 levels.
CREATE FUNCTION sim.check_nesting() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() > 32 THEN
    PERFORM sim.fail(217, 16, 1, 'Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).');
  END IF;
END $$;
