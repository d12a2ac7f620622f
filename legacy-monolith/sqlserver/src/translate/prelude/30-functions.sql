-- T-SQL's built-in functions that PostgreSQL has not, or has with other rules.

-- Strings. LEN ignores trailing blanks, which is what length(bpchar) does.
CREATE FUNCTION sim.charindex(needle text, hay text, start int) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN needle = '' THEN 0 WHEN start <= 1 THEN strpos(hay, needle)
    WHEN strpos(substr(hay, start), needle) = 0 THEN 0
    ELSE strpos(substr(hay, start), needle) + start - 1 END
$$;
CREATE FUNCTION sim.substring(x text, start int, length int) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF length < 0 THEN PERFORM sim.fail(537, 16, 2, 'Invalid length parameter passed to the LEFT or SUBSTRING function.'); END IF;
  RETURN substr(x, start, length);
END $$;
CREATE FUNCTION sim.left(x text, n int) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF n < 0 THEN PERFORM sim.fail(537, 16, 2, 'Invalid length parameter passed to the LEFT or SUBSTRING function.'); END IF;
  RETURN left(x, n);
END $$;
CREATE FUNCTION sim.right(x text, n int) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF n < 0 THEN PERFORM sim.fail(536, 16, 2, 'Invalid length parameter passed to the RIGHT function.'); END IF;
  RETURN right(x, n);
END $$;
CREATE FUNCTION sim.replicate(x text, n int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN n < 0 THEN NULL ELSE repeat(x, n) END
$$;
CREATE FUNCTION sim.replace(x text, old text, new text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN old = '' THEN x ELSE replace(x, old, new) END
$$;
CREATE FUNCTION sim.stuff(x text, start int, n int, put text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN x IS NULL OR start IS NULL OR n IS NULL OR start < 1 OR n < 0 OR start > length(x) THEN NULL
    ELSE left(x, start - 1) || coalesce(put, '') || substr(x, start + n) END
$$;
CREATE FUNCTION sim.str(x float8, width int, places int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE
    WHEN length(round(x::numeric, 0)::text) > width THEN repeat('*', width)
    ELSE lpad(round(x::numeric, greatest(0, least(places, 16,
      CASE WHEN width > length(round(x::numeric, 0)::text) + 1 THEN width - length(trunc(x::numeric)::text) - 1 ELSE 0 END)))::text, width)
  END
$$;
CREATE FUNCTION sim.ascii(x text) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN x = '' THEN NULL WHEN octet_length(left(x, 1)) = 1 THEN ascii(x)
    ELSE get_byte(convert_to(sim.cp1252_slow(left(x, 1)), 'WIN1252'), 0) END
$$;
CREATE FUNCTION sim.char(n int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN n < 1 OR n > 255 THEN NULL WHEN n < 128 THEN chr(n)
    WHEN n IN (129, 141, 143, 144, 157) THEN chr(n)
    ELSE convert_from(int_binary, 'WIN1252') END FROM sim.int_binary(n, 1)
$$;
CREATE FUNCTION sim.upper(x text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN strpos(x COLLATE "C", 'ß') > 0
    THEN replace(upper(replace(x COLLATE "C", 'ß', chr(1)) COLLATE sim.ci) COLLATE "C", chr(1), 'ß') COLLATE sim.ci
    ELSE upper(x COLLATE sim.ci) END
$$;

-- SOUNDEX as SQL Server does it from compatibility level 110 on: H and W do not separate letters of one code, vowels do;
-- the first character that is no letter ends the word.
CREATE FUNCTION sim.soundex(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  codes constant text COLLATE "C" := '01230120022455012623010202';
  word text COLLATE "C" := upper(x);
  result text COLLATE "C";
  c text COLLATE "C";
  code text COLLATE "C";
  last text COLLATE "C";
BEGIN
  IF word !~ '^[A-Z]' THEN RETURN '0000'; END IF;
  result := left(word, 1);
  last := substr(codes, ascii(result) - 64, 1);
  FOR i IN 2 .. length(word) LOOP
    c := substr(word, i, 1);
    EXIT WHEN c !~ '[A-Z]';
    CONTINUE WHEN c IN ('H', 'W');
    code := substr(codes, ascii(c) - 64, 1);
    IF code <> '0' AND code <> last THEN
      result := result || code;
      EXIT WHEN length(result) = 4;
    END IF;
    last := code;
  END LOOP;
  RETURN rpad(result, 4, '0');
END $$;
CREATE FUNCTION sim.difference(a text, b text) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT count(*)::int FROM generate_series(1, 4) i WHERE substr(sim.soundex(a), i, 1) = substr(sim.soundex(b), i, 1)
$$;

CREATE FUNCTION sim.isnumeric(x text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN btrim(x) COLLATE "C" ~ '^[+-]?\s*[$£€]?\s*[+-]?([0-9][0-9,]*\.?[0-9]*|\.[0-9]+)([eEdD][+-]?[0-9]{1,3})?$'
    OR btrim(x) COLLATE "C" ~ '^[+-.,$]$' THEN 1 ELSE 0 END
$$;
CREATE FUNCTION sim.isdate(x text) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN CASE WHEN sim.parse_moment(x::bpchar, 0, 'datetime') IS NULL OR btrim(x) = '' THEN 0 ELSE 1 END;
EXCEPTION WHEN SQLSTATE 'U0001' THEN RETURN 0;
END $$;
CREATE FUNCTION sim.quotename(x text, q text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN length(x) > 128 THEN NULL
    WHEN q IN ('[', ']') THEN '[' || replace(x COLLATE "C", ']', ']]') || ']'
    WHEN q = '''' THEN '''' || replace(x COLLATE "C", '''', '''''') || ''''
    WHEN q = '"' THEN '"' || replace(x COLLATE "C", '"', '""') || '"' END
$$;

-- T-SQL's LIKE pattern as a regular expression over lower-case text. Ranges of letters take in accented letters, as the
-- collation orders them between their neighbours.
CREATE FUNCTION sim.like_regex(pattern text, escape text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  accents constant text COLLATE "C" := 'aàaáaâaãaäaåcçeèeéeêeëiìiíiîiïnñoòoóoôoõoöuùuúuûuüyýyÿ';
  escaping text COLLATE "C" := escape;
  r text COLLATE "C" := '^';
  set text COLLATE "C";
  c text COLLATE "C";
  low text COLLATE "C";
  high text COLLATE "C";
  i int := 1;
  n int := length(pattern);
  negated boolean;
  closed int;
BEGIN
  WHILE i <= n LOOP
    c := substr(pattern, i, 1);
    IF escaping <> '' AND c = escaping AND i < n THEN
      i := i + 1;
      r := r || regexp_replace(substr(pattern, i, 1) COLLATE "C", '([^\w\s])', '\\\1');
    ELSIF c = '%' THEN r := r || '.*';
    ELSIF c = '_' THEN r := r || '.';
    ELSIF c = '[' THEN
      closed := strpos(substr(pattern, i + 2) COLLATE "C", ']');
      IF closed = 0 THEN RETURN '^(?!)'; END IF;
      set := '';
      i := i + 1;
      negated := substr(pattern, i, 1) = '^';
      IF negated THEN i := i + 1; END IF;
      LOOP
        c := substr(pattern, i, 1);
        EXIT WHEN c = '' OR c = ']';
        IF escaping <> '' AND c = escaping THEN i := i + 1; c := substr(pattern, i, 1); END IF;
        IF substr(pattern, i + 1, 1) = '-' AND substr(pattern, i + 2, 1) NOT IN (']', '') THEN
          low := c;
          high := substr(pattern, i + 2, 1);
          i := i + 2;
          IF low COLLATE "C" <= high COLLATE "C" THEN
            set := set || regexp_replace(low COLLATE "C", '([^\w\s])', '\\\1') || '-' || regexp_replace(high COLLATE "C", '([^\w\s])', '\\\1');
            FOR k IN 0 .. length(accents) / 2 - 1 LOOP
              IF substr(accents, k * 2 + 1, 1) COLLATE "C" >= low COLLATE "C" AND substr(accents, k * 2 + 1, 1) COLLATE "C" < high COLLATE "C" THEN
                set := set || substr(accents, k * 2 + 2, 1);
              END IF;
            END LOOP;
          END IF;
        ELSE
          set := set || regexp_replace(c COLLATE "C", '([^\w\s])', '\\\1');
        END IF;
        i := i + 1;
      END LOOP;
      r := r || CASE WHEN set = '' THEN '(?!)' ELSE '[' || CASE WHEN negated THEN '^' ELSE '' END || set || ']' END;
    ELSE
      r := r || regexp_replace(c COLLATE "C", '([^\w\s])', '\\\1');
    END IF;
    i := i + 1;
  END LOOP;
  RETURN r || '$';
END $$;
CREATE FUNCTION sim.like(x text, pattern text, escape text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN strpos(pattern COLLATE "C", '[') = 0 AND strpos(pattern COLLATE "C", '\') = 0 AND escape = ''
    THEN (lower(x) COLLATE "C") LIKE (lower(pattern) COLLATE "C")
    ELSE (lower(x) COLLATE "C") ~ sim.like_regex(lower(pattern), lower(escape)) END
$$;
CREATE FUNCTION sim.like_exact(x text, pattern text, escape text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (x COLLATE "C") ~ sim.like_regex(pattern, escape)
$$;
-- Neither side is Unicode: blanks at the end of the value do not count.
CREATE FUNCTION sim.like_trimmed(x text, pattern text, escape text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT sim.like(x, pattern, escape) OR sim.like(rtrim(x), pattern, escape)
$$;
CREATE FUNCTION sim.patindex(pattern text, x text) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  inner_pattern text COLLATE "C" := pattern;
  regex text COLLATE "C";
  found text COLLATE "C";
BEGIN
  IF left(pattern, 1) <> '%' THEN
    RETURN CASE WHEN sim.like(x, pattern, '') THEN 1 ELSE 0 END;
  END IF;
  regex := substr(sim.like_regex(lower(substr(pattern, 2)), ''), 2);
  IF right(pattern, 1) = '%' AND length(pattern) > 1 THEN regex := left(regex, -3); END IF;
  RETURN regexp_instr(lower(x) COLLATE "C", regex);
END $$;

-- Numbers.
CREATE FUNCTION sim.round_numeric(x numeric, n int, truncate int) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN truncate = 0 THEN round(x, n) ELSE trunc(x, n) END
$$;
CREATE FUNCTION sim.round_float(x float8, n int, truncate int) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN truncate = 0 THEN round(x::numeric, n) ELSE trunc(x::numeric, n) END::float8
$$;

-- What DATEADD and + give has to stay within the type.
CREATE FUNCTION sim.added(t timestamp, type text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF t >= timestamp '10000-01-01' OR t < (CASE type WHEN 'datetime' THEN timestamp '1753-01-01'
    WHEN 'smalldatetime' THEN timestamp '1900-01-01' ELSE timestamp '0001-01-01' END) THEN
    PERFORM sim.fail(517, 16, 1, 'Adding a value to a ''' || type || ''' column caused an overflow.');
  END IF;
  RETURN t;
END $$;
CREATE FUNCTION sim.week_number(t timestamp) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ((extract(doy FROM t)::int + extract(dow FROM date_trunc('year', t))::int - 1) / 7) + 1
$$;
-- Boundaries crossed, in units of a fixed number of microseconds.
CREATE FUNCTION sim.boundaries(a timestamp, b timestamp, unit int8) RETURNS int8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (floor(extract(epoch FROM b) * 1000000 / unit) - floor(extract(epoch FROM a) * 1000000 / unit))::int8
$$;
CREATE FUNCTION sim.difference_int(n int8, part text) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF n > 2147483647 OR n < -2147483648 THEN
    PERFORM sim.fail(535, 16, 0, 'The datediff function resulted in an overflow. The number of dateparts separating two date/time instances is too large. Try to use datediff with a less precise datepart.');
  END IF;
  RETURN n;
END $$;
CREATE FUNCTION sim.day_name(t timestamp) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (ARRAY['Sunday','Monday','Tuesday','Wednesday','Thursday','Friday','Saturday'])[extract(dow FROM t)::int + 1]
$$;
CREATE FUNCTION sim.month_name(t timestamp) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (ARRAY['January','February','March','April','May','June','July','August','September','October','November','December'])[extract(month FROM t)::int]
$$;

CREATE FUNCTION sim.hashbytes(algorithm text, x bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE upper(algorithm COLLATE "C") WHEN 'MD5' THEN decode(md5(x), 'hex') WHEN 'SHA2_256' THEN sha256(x)
    WHEN 'SHA2_512' THEN sha512(x) WHEN 'SHA' THEN sim.sha1(x) WHEN 'SHA1' THEN sim.sha1(x) END
$$;
-- SHA-1 (FIPS 180-4); PostgreSQL has it only in an extension that the embedded build may lack.
CREATE FUNCTION sim.sha1(message bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  mask constant int8 := 4294967295;
  bits int8 := octet_length(message)::int8 * 8;
  m bytea := message || '\x80'::bytea;
  h int8[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
  w int8[];
  a int8; b int8; c int8; d int8; e int8; f int8; k int8; t int8;
BEGIN
  m := m || decode(repeat('00', (119 - octet_length(message) % 64) % 64), 'hex') || int8send(bits);
  FOR block IN 0 .. octet_length(m) / 64 - 1 LOOP
    w := '{}';
    FOR i IN 0 .. 15 LOOP
      w[i] := (get_byte(m, block * 64 + i * 4)::int8 << 24) | (get_byte(m, block * 64 + i * 4 + 1) << 16)
        | (get_byte(m, block * 64 + i * 4 + 2) << 8) | get_byte(m, block * 64 + i * 4 + 3);
    END LOOP;
    FOR i IN 16 .. 79 LOOP
      t := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
      w[i] := ((t << 1) | (t >> 31)) & mask;
    END LOOP;
    a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
    FOR i IN 0 .. 79 LOOP
      IF i < 20 THEN f := (b & c) | ((mask # b) & d); k := 1518500249;
      ELSIF i < 40 THEN f := b # c # d; k := 1859775393;
      ELSIF i < 60 THEN f := (b & c) | (b & d) | (c & d); k := 2400959708;
      ELSE f := b # c # d; k := 3395469782;
      END IF;
      t := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[i]) & mask;
      e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := t;
    END LOOP;
    h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask, (h[5] + e) & mask];
  END LOOP;
  RETURN substring(int8send(h[1]) FROM 5) || substring(int8send(h[2]) FROM 5) || substring(int8send(h[3]) FROM 5)
    || substring(int8send(h[4]) FROM 5) || substring(int8send(h[5]) FROM 5);
END $$;

-- Names.
CREATE FUNCTION sim.database_name() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('sim.database_name', true), ''), current_database()::text)
$$;
-- Parts of `[a].[b].c`, last first.
CREATE FUNCTION sim.name_parts(x text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  parts text[] COLLATE "C" := '{}';
  part text COLLATE "C" := '';
  c text COLLATE "C";
  quote text COLLATE "C" := '';
  i int := 1;
BEGIN
  WHILE i <= length(x) LOOP
    c := substr(x, i, 1) COLLATE "C";
    IF quote <> '' THEN
      IF c = quote THEN
        IF substr(x, i + 1, 1) COLLATE "C" = quote THEN part := part || c; i := i + 1; ELSE quote := ''; END IF;
      ELSE part := part || c;
      END IF;
    ELSIF c = '[' THEN quote := ']';
    ELSIF c = '"' THEN quote := '"';
    ELSIF c = '.' THEN parts := part || parts; part := '';
    ELSE part := part || c;
    END IF;
    i := i + 1;
  END LOOP;
  RETURN btrim(part) || parts;
END $$;
CREATE FUNCTION sim.object_id(x text, kind text) RETURNS int LANGUAGE plpgsql STABLE AS $$
DECLARE
  parts text[] COLLATE "C" := sim.name_parts(x);
  wanted_schema text COLLATE "C" := lower(coalesce(nullif(parts[2], ''), 'dbo'));
  r int;
BEGIN
  IF x IS NULL THEN RETURN NULL; END IF;
  IF left(parts[1], 1) COLLATE "C" = '#' THEN
    SELECT -c.oid::int8 % 1000000000 INTO r FROM pg_class c WHERE c.relname = lower(parts[1]) COLLATE "C" AND c.relnamespace = pg_my_temp_schema();
    RETURN r;
  END IF;
  IF parts[3] <> '' AND lower(parts[3]) COLLATE "C" <> lower(sim.database_name()) COLLATE "C" THEN RETURN NULL; END IF;
  SELECT o.object_id INTO r FROM sim.objects o
  WHERE lower(o.schema_name) COLLATE "C" = wanted_schema AND o.name = parts[1]::bpchar COLLATE sim.ci
    AND (kind IS NULL OR upper(rtrim(kind)) COLLATE "C" = rtrim(o.type::text));
  IF r IS NULL AND wanted_schema IN ('sys', 'information_schema') THEN
    SELECT -c.oid::int8 % 1000000000 INTO r FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = lower(parts[1]) COLLATE "C" AND n.nspname = CASE wanted_schema WHEN 'sys' THEN 'sys' ELSE 'sim_information_schema' END;
  END IF;
  RETURN r;
END $$;
CREATE FUNCTION sim.object_name(id int) RETURNS text LANGUAGE sql STABLE STRICT AS $$ SELECT name::text FROM sim.objects WHERE object_id = id $$;
CREATE FUNCTION sim.object_schema_name(id int) RETURNS text LANGUAGE sql STABLE STRICT AS $$ SELECT schema_name FROM sim.objects WHERE object_id = id $$;
CREATE FUNCTION sim.schema_id(x text) RETURNS int LANGUAGE sql STABLE AS $$ SELECT CASE WHEN x IS NULL THEN 1 ELSE (SELECT schema_id FROM sim.schemas WHERE name = x::bpchar) END $$;
CREATE FUNCTION sim.schema_name(id int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE WHEN id IS NULL THEN 'dbo' ELSE (SELECT name::text FROM sim.schemas WHERE schema_id = id) END $$;
CREATE FUNCTION sim.col_length(t text, c text) RETURNS int LANGUAGE sql STABLE STRICT AS $$
  SELECT max_length FROM sim.columns WHERE object_id = sim.object_id(t, NULL) AND name = c::bpchar
$$;
CREATE FUNCTION sim.col_name(t int, c int) RETURNS text LANGUAGE sql STABLE STRICT AS $$
  SELECT name::text FROM sim.columns WHERE object_id = t AND column_id = c
$$;
CREATE FUNCTION sim.objectproperty(id int, property text) RETURNS int LANGUAGE sql STABLE STRICT AS $$
  SELECT CASE lower(property) COLLATE "C"
    WHEN 'isusertable' THEN (o.type = 'U')::int WHEN 'istable' THEN (o.type = 'U')::int WHEN 'isview' THEN (o.type = 'V')::int
    WHEN 'istrigger' THEN (o.type = 'TR')::int WHEN 'isprimarykey' THEN (o.type = 'PK')::int
    WHEN 'isprocedure' THEN 0 WHEN 'ismsshipped' THEN 0
    WHEN 'tablehasidentity' THEN (EXISTS (SELECT FROM sim.columns c WHERE c.object_id = id AND c.identity_seed IS NOT NULL))::int
    WHEN 'tablehasprimarykey' THEN (EXISTS (SELECT FROM sim.indexes i WHERE i.object_id = id AND i.is_primary_key))::int END
  FROM sim.objects o WHERE o.object_id = id
$$;
CREATE FUNCTION sim.columnproperty(id int, c text, property text) RETURNS int LANGUAGE sql STABLE STRICT AS $$
  SELECT CASE lower(property) COLLATE "C" WHEN 'isidentity' THEN (identity_seed IS NOT NULL)::int WHEN 'iscomputed' THEN (computed_text IS NOT NULL)::int
    WHEN 'allowsnull' THEN is_nullable::int WHEN 'columnid' THEN column_id WHEN 'precision' THEN precision WHEN 'scale' THEN scale END
  FROM sim.columns WHERE object_id = id AND name = c::bpchar
$$;
CREATE FUNCTION sim.identity_sequence(id int) RETURNS text LANGUAGE sql STABLE STRICT AS $$
  SELECT pg_get_serial_sequence(format('%I.%I', o.schema_name, o.physical), c.physical) FROM sim.objects o
  JOIN sim.columns c ON c.object_id = o.object_id AND c.identity_seed IS NOT NULL WHERE o.object_id = id
$$;
CREATE FUNCTION sim.ident_current(t text) RETURNS numeric LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  sequence text COLLATE "C" := sim.identity_sequence(sim.object_id(t, 'U'));
  r numeric;
BEGIN
  IF sequence IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('SELECT last_value FROM %s', sequence) INTO r;
  RETURN r;
END $$;
CREATE FUNCTION sim.dbts() RETURNS bytea LANGUAGE sql STABLE AS $$ SELECT int8send(last_value) FROM sim.rowversion $$;
CREATE FUNCTION sim.server_property(property text) RETURNS text LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  CASE lower(property COLLATE "C")
    WHEN 'productversion' THEN RETURN '15.0.2000.5';
    WHEN 'productmajorversion' THEN RETURN '15';
    WHEN 'productlevel' THEN RETURN 'RTM';
    WHEN 'edition' THEN RETURN 'Developer Edition (64-bit)';
    WHEN 'engineedition' THEN RETURN '3';
    WHEN 'collation' THEN RETURN 'SQL_Latin1_General_CP1_CI_AS';
    WHEN 'isclustered' THEN RETURN '0';
    WHEN 'isintegratedsecurityonly' THEN RETURN '0';
    WHEN 'instancename' THEN RETURN NULL;
    ELSE PERFORM sim.fail(40000, 16, 1, 'not supported by the simulator: SERVERPROPERTY(''' || property || ''')');
  END CASE;
  RETURN NULL;
END $$;
CREATE FUNCTION sim.database_property(database text, property text) RETURNS text LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  IF sim.database_id(database) IS NULL THEN RETURN NULL; END IF;
  CASE lower(property COLLATE "C")
    WHEN 'collation' THEN RETURN 'SQL_Latin1_General_CP1_CI_AS';
    WHEN 'status' THEN RETURN 'ONLINE';
    WHEN 'recovery' THEN RETURN 'FULL';
    WHEN 'updateability' THEN RETURN 'READ_WRITE';
    WHEN 'useraccess' THEN RETURN 'MULTI_USER';
    ELSE PERFORM sim.fail(40000, 16, 1, 'not supported by the simulator: DATABASEPROPERTYEX(…, ''' || property || ''')');
  END CASE;
  RETURN NULL;
END $$;

-- Level of a recursive common table expression.
CREATE FUNCTION sim.recursion(depth int) RETURNS int LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  IF depth > 100 THEN
    PERFORM sim.fail(530, 16, 1, 'The statement terminated. The maximum recursion 100 has been exhausted before statement completion.');
  END IF;
  RETURN depth;
END $$;
