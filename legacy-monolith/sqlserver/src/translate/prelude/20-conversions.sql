-- Conversions between T-SQL types, with SQL Server's rounding, formats and error numbers. All deterministic ones are
-- IMMUTABLE, so that they can stand in computed columns and indexes and fold to constants.

-- datetime counts in 1/300 s: .000, .003, .007.
CREATE FUNCTION sim.dt(t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT date_trunc('day', t)
    + round(round(extract(epoch FROM t - date_trunc('day', t)) * 300) * 10 / 3)::float8 * interval '1 millisecond'
$$;

-- datetime2 of a datetime has the full third of a millisecond (compatibility level 130 and later).
CREATE FUNCTION sim.dt2(t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT date_trunc('day', t)
    + round(round(extract(epoch FROM t - date_trunc('day', t)) * 300) * 10000 / 3)::float8 * interval '1 microsecond'
$$;

CREATE FUNCTION sim.getdate() RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT sim.dt((statement_timestamp() AT TIME ZONE 'America/New_York')::timestamp)
$$;
CREATE FUNCTION sim.getutcdate() RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT sim.dt((statement_timestamp() AT TIME ZONE 'UTC')::timestamp)
$$;
CREATE FUNCTION sim.sysdatetime() RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (statement_timestamp() AT TIME ZONE 'America/New_York')::timestamp
$$;
CREATE FUNCTION sim.sysutcdatetime() RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (statement_timestamp() AT TIME ZONE 'UTC')::timestamp
$$;

-- Characters outside code page 1252 become '?', as the client library's best fit does for those without a neighbour.
CREATE FUNCTION sim.cp1252_slow(x text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(x COLLATE "C",
    '[^\u0001-\u007f\u0081\u008d\u008f\u0090\u009d\u00a0-\u00ff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]', '?', 'g') COLLATE sim.ci
$$;
CREATE FUNCTION sim.cp1252(x bpchar) RETURNS bpchar LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(x) = length(x::text) THEN x ELSE sim.cp1252_slow(x)::bpchar END
$$;

-- Assignment of a string to a column of n characters: trailing blanks are cut, anything else is error 2628.
CREATE FUNCTION sim.fit_slow(x bpchar, n int, target text) RETURNS bpchar LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF length(x::text) <= n THEN RETURN x; END IF;
  IF length(x) > n THEN
    PERFORM sim.fail(2628, 16, 1, 'String or binary data would be truncated in table '''
      || coalesce(nullif(current_setting('sim.database_name', true), ''), current_database()) || '.' || split_part(target, ':', 1)
      || ''', column ''' || split_part(target, ':', 2) || '''. Truncated value: ''' || left(x::text, n) || '''.');
  END IF;
  RETURN left(x::text, n)::bpchar;
END $$;
CREATE FUNCTION sim.fit(x bpchar, n int, target text) RETURNS bpchar LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(x) <= n THEN x ELSE sim.fit_slow(x, n, target) END
$$;
CREATE FUNCTION sim.fit_binary(x bytea, n int, target text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF octet_length(x) > n THEN
    PERFORM sim.fail(2628, 16, 1, 'String or binary data would be truncated in table '''
      || coalesce(nullif(current_setting('sim.database_name', true), ''), current_database()) || '.' || split_part(target, ':', 1)
      || ''', column ''' || split_part(target, ':', 2) || '''. Truncated value: ''''.');
  END IF;
  RETURN x;
END $$;
CREATE FUNCTION sim.pad_binary(x bytea, n int) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(x) >= n THEN substring(x FROM 1 FOR n)
    ELSE x || decode(repeat('00', n - octet_length(x)), 'hex') END
$$;

CREATE FUNCTION sim.tiny(x int8) RETURNS int2 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF x < 0 OR x > 255 THEN
    PERFORM sim.fail(220, 16, 2, 'Arithmetic overflow error for data type tinyint, value = ' || x || '.');
  END IF;
  RETURN x;
END $$;

CREATE FUNCTION sim.small(x int8) RETURNS int2 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF x < -32768 OR x > 32767 THEN
    PERFORM sim.fail(220, 16, 1, 'Arithmetic overflow error for data type smallint, value = ' || x || '.');
  END IF;
  RETURN x;
END $$;

-- A float cut to a whole number.
CREATE FUNCTION sim.whole(x float8, target text) RETURNS int8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n float8 := trunc(x);
BEGIN
  IF n < (CASE target WHEN 'tinyint' THEN 0 WHEN 'smallint' THEN -32768 WHEN 'int' THEN -2147483648 ELSE -9223372036854775808 END)
    OR n > (CASE target WHEN 'tinyint' THEN 255 WHEN 'smallint' THEN 32767 WHEN 'int' THEN 2147483647 ELSE 9223372036854774784 END) THEN
    PERFORM sim.fail(232, 16, 3, 'Arithmetic overflow error for type ' || target || ', value = ' || round(x::numeric, 6) || '.');
  END IF;
  RETURN n;
END $$;

-- A number as a string that may be too short: an int becomes '*', anything else is 8115.
CREATE FUNCTION sim.int_text(x int8, n int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN length(x::text) <= n THEN x::text ELSE '*' END
$$;
CREATE FUNCTION sim.number_text(x text, n int, source text, target text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF length(x) > n THEN
    PERFORM sim.fail(8115, 16, 5, 'Arithmetic overflow error converting ' || source || ' to data type ' || target || '.');
  END IF;
  RETURN x;
END $$;

CREATE FUNCTION sim.to_int(x bpchar, source text, target text) RETURNS int8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := btrim(x::text, E' \t\r\n');
  n numeric;
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  IF t = '' THEN RETURN 0; END IF;
  IF t !~ '^[+-]?\s*[0-9]+$' THEN
    IF target = 'bit' AND lower(t) IN ('true', 'false') THEN RETURN (lower(t) = 'true')::int; END IF;
    IF target = 'bigint' THEN PERFORM sim.fail(8114, 16, 5, 'Error converting data type ' || source || ' to bigint.'); END IF;
    PERFORM sim.fail(245, 16, 1, 'Conversion failed when converting the ' || source || ' value ''' || rtrim(x::text) || ''' to data type ' || target || '.');
  END IF;
  n := replace(t, ' ', '')::numeric;
  IF target = 'bit' THEN RETURN (n <> 0)::int; END IF;
  IF target = 'int' AND abs(n + 0.5) > 2147483648 THEN
    PERFORM sim.fail(248, 16, 1, 'The conversion of the ' || source || ' value ''' || rtrim(x::text) || ''' overflowed an int column.');
  ELSIF target = 'smallint' AND abs(n + 0.5) > 32768 THEN
    PERFORM sim.fail(244, 16, 2, 'The conversion of the ' || source || ' value ''' || rtrim(x::text) || ''' overflowed an INT2 column. Use a larger integer column.');
  ELSIF target = 'tinyint' AND (n < 0 OR n > 255) THEN
    PERFORM sim.fail(244, 16, 1, 'The conversion of the ' || source || ' value ''' || rtrim(x::text) || ''' overflowed an INT1 column. Use a larger integer column.');
  ELSIF target = 'bigint' AND abs(n + 0.5) > 9223372036854775808 THEN
    PERFORM sim.fail(8115, 16, 2, 'Arithmetic overflow error converting expression to data type bigint.');
  END IF;
  RETURN n;
END $$;

CREATE FUNCTION sim.to_numeric(x bpchar, source text, p int, s int) RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := btrim(x::text, E' \t\r\n');
  n numeric;
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  IF t !~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$' THEN
    PERFORM sim.fail(8114, 16, 5, 'Error converting data type ' || source || ' to numeric.');
  END IF;
  n := round(t::numeric, s);
  IF abs(n) >= 10::numeric ^ (p - s) THEN
    PERFORM sim.fail(8115, 16, 8, 'Arithmetic overflow error converting ' || source || ' to data type numeric.');
  END IF;
  RETURN n;
END $$;

CREATE FUNCTION sim.to_money(x bpchar) RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := replace(replace(btrim(x::text, E' \t\r\n') COLLATE "C", ',', ''), '$', '');
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  IF t = '' THEN RETURN 0; END IF;
  IF t !~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$' THEN
    PERFORM sim.fail(235, 16, 0, 'Cannot convert a char value to money. The char value has incorrect syntax.');
  END IF;
  RETURN round(t::numeric, 4);
END $$;

CREATE FUNCTION sim.to_float(x bpchar, source text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := btrim(x::text, E' \t\r\n');
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  IF t = '' THEN RETURN 0; END IF;
  IF t !~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eEdD][+-]?[0-9]+)?$' THEN
    PERFORM sim.fail(8114, 16, 5, 'Error converting data type ' || source || ' to float.');
  END IF;
  RETURN translate(t, 'dD', 'ee')::float8;
END $$;

CREATE FUNCTION sim.to_uuid(x bpchar) RETURNS uuid LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := x::text;
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  IF t ~ '^\{' THEN t := substring(t FROM '^\{(.*)\}'); END IF;
  t := left(t, 36);
  IF t IS NULL OR t !~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$' THEN
    PERFORM sim.fail(8169, 16, 2, 'Conversion failed when converting from a character string to uniqueidentifier.');
  END IF;
  RETURN t::uuid;
END $$;

-- The first three groups of a GUID are little-endian in its binary form.
CREATE FUNCTION sim.swap_guid(b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT substring(b FROM 4 FOR 1) || substring(b FROM 3 FOR 1) || substring(b FROM 2 FOR 1) || substring(b FROM 1 FOR 1)
    || substring(b FROM 6 FOR 1) || substring(b FROM 5 FOR 1) || substring(b FROM 8 FOR 1) || substring(b FROM 7 FOR 1)
    || substring(b FROM 9)
$$;
CREATE FUNCTION sim.uuid_binary(u uuid) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT sim.swap_guid(uuid_send(u))
$$;
CREATE FUNCTION sim.binary_uuid(b bytea) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT encode(sim.swap_guid(sim.pad_binary(b, 16)), 'hex')::uuid
$$;

CREATE FUNCTION sim.int_binary(x int8, n int) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN n <= 8 THEN substring(int8send(x) FROM 9 - n) ELSE decode(repeat('00', n - 8), 'hex') || int8send(x) END
$$;
CREATE FUNCTION sim.binary_int(b bytea, n int) RETURNS int8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  r int8 := 0;
  len int := octet_length(b);
BEGIN
  FOR i IN greatest(len - n, 0) .. len - 1 LOOP r := (r << 8) | get_byte(b, i); END LOOP;
  IF n = 4 AND r > 2147483647 THEN r := r - 4294967296; END IF;
  IF n = 2 AND r > 32767 THEN r := r - 65536; END IF;
  RETURN r;
END $$;

CREATE FUNCTION sim.utf16(x text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  r text COLLATE "C" := '';
  c int;
BEGIN
  FOR i IN 1 .. length(x) LOOP
    c := ascii(substr(x, i, 1));
    IF c > 65535 THEN
      c := c - 65536;
      r := r || lpad(to_hex((55296 + (c >> 10)) & 255), 2, '0') || lpad(to_hex((55296 + (c >> 10)) >> 8), 2, '0');
      c := 56320 + (c & 1023);
    END IF;
    r := r || lpad(to_hex(c & 255), 2, '0') || lpad(to_hex(c >> 8), 2, '0');
  END LOOP;
  RETURN decode(r, 'hex');
END $$;
CREATE FUNCTION sim.from_utf16(b bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  r text COLLATE "C" := '';
  c int;
  high int := 0;
BEGIN
  FOR i IN 0 .. octet_length(b) / 2 - 1 LOOP
    c := get_byte(b, i * 2) + get_byte(b, i * 2 + 1) * 256;
    IF c BETWEEN 55296 AND 56319 THEN high := c;
    ELSIF c BETWEEN 56320 AND 57343 THEN r := r || chr(65536 + ((high - 55296) << 10) + (c - 56320));
    ELSIF c > 0 THEN r := r || chr(c);
    END IF;
  END LOOP;
  RETURN r;
END $$;

CREATE FUNCTION sim.varchar_binary(x text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT convert_to(sim.cp1252_slow(x), 'WIN1252')
$$;
CREATE FUNCTION sim.binary_varchar(b bytea, style int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE style WHEN 1 THEN '0x' || upper(encode(b, 'hex')) WHEN 2 THEN upper(encode(b, 'hex'))
    ELSE convert_from(b, 'WIN1252') END
$$;
CREATE FUNCTION sim.hex_binary(x text, style int) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := x;
BEGIN
  IF style = 1 THEN
    IF t !~ '^0[xX]' THEN PERFORM sim.fail(8114, 16, 5, 'Error converting data type varchar to varbinary.'); END IF;
    t := substr(t, 3);
  END IF;
  IF t !~ '^([0-9A-Fa-f][0-9A-Fa-f])*$' THEN PERFORM sim.fail(8114, 16, 5, 'Error converting data type varchar to varbinary.'); END IF;
  RETURN decode(t, 'hex');
END $$;

-- float → string: style 0 has at most 6 digits, scientific from 1e6 on ('1e+006'); 1: 8 digits, 2: 16, always scientific; 3: 17.
CREATE FUNCTION sim.float_text(x float8, style int) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  digits int := CASE style WHEN 0 THEN 6 WHEN 1 THEN 8 WHEN 2 THEN 16 ELSE 17 END;
  mantissa text COLLATE "C";
  exponent int;
  r text COLLATE "C";
BEGIN
  IF x = 0 AND style = 0 THEN RETURN '0'; END IF;
  r := to_char(x::numeric, '9.' || repeat('9', digits - 1) || 'EEEE');
  r := btrim(r);
  mantissa := split_part(r, 'e', 1);
  exponent := split_part(r, 'e', 2)::int;
  IF style = 0 AND exponent >= -4 AND exponent < 6 THEN
    r := round(x::numeric, greatest(digits - 1 - exponent, 0))::text;
    IF strpos(r, '.') > 0 THEN r := rtrim(rtrim(r, '0'), '.'); END IF;
    RETURN r;
  END IF;
  IF style = 0 AND strpos(mantissa, '.') > 0 THEN mantissa := rtrim(rtrim(mantissa, '0'), '.'); END IF;
  RETURN mantissa || 'e' || CASE WHEN exponent < 0 THEN '-' ELSE '+' END || lpad(abs(exponent)::text, 3, '0');
END $$;

-- money → string: 2 decimals; style 1 with thousands separators; 2 with 4 decimals.
CREATE FUNCTION sim.money_text(x numeric, style int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE style WHEN 1 THEN btrim(to_char(round(x, 2), 'FM999,999,999,999,999,990.00'))
    WHEN 2 THEN round(x, 4)::text ELSE round(x, 2)::text END
$$;

CREATE FUNCTION sim.bad_style(style int, source text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM sim.fail(281, 16, 1, style || ' is not a valid style number when converting from ' || source || ' to a character string.');
  RETURN NULL;
END $$;

-- Date and time → string, all styles but the Hijri ones. d: digits of the fraction for 121 and the like.
CREATE FUNCTION sim.moment_text(t timestamp, style int, d int, source text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE style
    WHEN 0 THEN to_char(t, 'Mon ') || lpad(extract(day FROM t)::int::text, 2) || to_char(t, ' YYYY ') || sim.clock12(t, false, d)
    WHEN 100 THEN to_char(t, 'Mon ') || lpad(extract(day FROM t)::int::text, 2) || to_char(t, ' YYYY ') || sim.clock12(t, false, d)
    WHEN 1 THEN to_char(t, 'MM/DD/YY') WHEN 101 THEN to_char(t, 'MM/DD/YYYY')
    WHEN 2 THEN to_char(t, 'YY.MM.DD') WHEN 102 THEN to_char(t, 'YYYY.MM.DD')
    WHEN 3 THEN to_char(t, 'DD/MM/YY') WHEN 103 THEN to_char(t, 'DD/MM/YYYY')
    WHEN 4 THEN to_char(t, 'DD.MM.YY') WHEN 104 THEN to_char(t, 'DD.MM.YYYY')
    WHEN 5 THEN to_char(t, 'DD-MM-YY') WHEN 105 THEN to_char(t, 'DD-MM-YYYY')
    WHEN 6 THEN to_char(t, 'DD Mon YY') WHEN 106 THEN to_char(t, 'DD Mon YYYY')
    WHEN 7 THEN to_char(t, 'Mon DD, YY') WHEN 107 THEN to_char(t, 'Mon DD, YYYY')
    WHEN 8 THEN to_char(t, 'HH24:MI:SS') WHEN 24 THEN to_char(t, 'HH24:MI:SS') WHEN 108 THEN to_char(t, 'HH24:MI:SS')
    WHEN 9 THEN to_char(t, 'Mon ') || lpad(extract(day FROM t)::int::text, 2) || to_char(t, ' YYYY ') || sim.clock12(t, true, d)
    WHEN 109 THEN to_char(t, 'Mon ') || lpad(extract(day FROM t)::int::text, 2) || to_char(t, ' YYYY ') || sim.clock12(t, true, d)
    WHEN 10 THEN to_char(t, 'MM-DD-YY') WHEN 110 THEN to_char(t, 'MM-DD-YYYY')
    WHEN 11 THEN to_char(t, 'YY/MM/DD') WHEN 111 THEN to_char(t, 'YYYY/MM/DD')
    WHEN 12 THEN to_char(t, 'YYMMDD') WHEN 112 THEN to_char(t, 'YYYYMMDD')
    WHEN 13 THEN to_char(t, 'DD Mon YYYY HH24:MI:SS') || ':' || sim.fraction(t, d)
    WHEN 113 THEN to_char(t, 'DD Mon YYYY HH24:MI:SS') || ':' || sim.fraction(t, d)
    WHEN 14 THEN to_char(t, 'HH24:MI:SS') || ':' || sim.fraction(t, d)
    WHEN 114 THEN to_char(t, 'HH24:MI:SS') || ':' || sim.fraction(t, d)
    WHEN 20 THEN to_char(t, 'YYYY-MM-DD HH24:MI:SS') WHEN 120 THEN to_char(t, 'YYYY-MM-DD HH24:MI:SS')
    WHEN 21 THEN to_char(t, 'YYYY-MM-DD HH24:MI:SS') || coalesce('.' || nullif(sim.fraction(t, d), ''), '')
    WHEN 25 THEN to_char(t, 'YYYY-MM-DD HH24:MI:SS') || coalesce('.' || nullif(sim.fraction(t, d), ''), '')
    WHEN 121 THEN to_char(t, 'YYYY-MM-DD HH24:MI:SS') || coalesce('.' || nullif(sim.fraction(t, d), ''), '')
    WHEN 22 THEN to_char(t, 'MM/DD/YY ') || lpad(((extract(hour FROM t)::int + 11) % 12 + 1)::text, 2) || to_char(t, ':MI:SS AM')
    WHEN 23 THEN to_char(t, 'YYYY-MM-DD')
    WHEN 126 THEN to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN sim.fraction(t, d)::int = 0 THEN '' ELSE '.' || sim.fraction(t, d) END
    WHEN 127 THEN to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN sim.fraction(t, d)::int = 0 THEN '' ELSE '.' || sim.fraction(t, d) END
    ELSE sim.bad_style(style, source)
  END
$$;

CREATE FUNCTION sim.date_text(t date, style int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE
    WHEN style IN (0, 100, 9, 109) THEN to_char(t, 'Mon ') || lpad(extract(day FROM t)::int::text, 2) || to_char(t, ' YYYY')
    WHEN style IN (13, 113) THEN to_char(t, 'DD Mon YYYY')
    WHEN style IN (20, 21, 23, 25, 120, 121, 126, 127) THEN to_char(t, 'YYYY-MM-DD')
    WHEN style IN (8, 24, 108, 14, 114) THEN sim.bad_style(style, 'date')
    ELSE sim.moment_text(t::timestamp, style, 0, 'date')
  END
$$;

CREATE FUNCTION sim.time_text(t time, style int, d int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE
    WHEN style IN (0, 100) THEN sim.clock12(timestamp '2000-01-01' + t, false, d)
    WHEN style IN (9, 109) THEN sim.clock12(timestamp '2000-01-01' + t, true, d)
    WHEN style IN (8, 24, 108, 20, 120) THEN to_char(timestamp '2000-01-01' + t, 'HH24:MI:SS')
    WHEN style IN (13, 14, 21, 25, 113, 114, 121, 126, 127)
      THEN to_char(timestamp '2000-01-01' + t, 'HH24:MI:SS') || coalesce('.' || nullif(sim.fraction(timestamp '2000-01-01' + t, d), ''), '')
    ELSE sim.bad_style(style, 'time')
  END
$$;

-- String → date and time. Language us_english, DATEFORMAT mdy.
CREATE FUNCTION sim.parse_moment(x bpchar, style int, target text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  t text COLLATE "C" := btrim(x::text, E' \t\r\n');
  m text[] COLLATE "C";
  clock text COLLATE "C";
  y int := 1900;
  mo int := 1;
  d int := 1;
  h int := 0;
  mi int := 0;
  s numeric := 0;
  months constant text COLLATE "C" := 'janfebmaraprmayjunjulaugsepoctnovdec';
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  IF t = '' THEN RETURN timestamp '1900-01-01'; END IF;
  m := regexp_match(t, '^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\s*(.*))?$');
  IF m IS NOT NULL THEN y := m[1]; mo := m[2]; d := m[3]; clock := m[4];
    IF m[4] = '' THEN clock := NULL; END IF;
  ELSE
    m := regexp_match(t, '^(\d{8}|\d{6})(?:\s+(.*))?$');
    IF m IS NOT NULL THEN
      IF length(m[1]) = 8 THEN y := left(m[1], 4); ELSE y := left(m[1], 2)::int + CASE WHEN left(m[1], 2)::int < 50 THEN 2000 ELSE 1900 END; END IF;
      mo := left(right(m[1], 4), 2); d := right(m[1], 2); clock := m[2];
    ELSE
      m := regexp_match(t, '^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:\s+(.*))?$');
      IF m IS NOT NULL THEN y := m[1]; mo := m[2]; d := m[3]; clock := m[4];
      ELSE
        m := regexp_match(t, '^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:\s+(.*))?$');
        IF m IS NOT NULL THEN
          IF style IN (3, 4, 5, 103, 104, 105) THEN d := m[1]; mo := m[2]; ELSE mo := m[1]; d := m[2]; END IF;
          y := m[3]; clock := m[4];
          IF length(m[3]) = 2 THEN y := y + CASE WHEN y < 50 THEN 2000 ELSE 1900 END; END IF;
        ELSE
          m := regexp_match(lower(t), '^([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})(?:\s+(.*))?$');
          IF m IS NOT NULL THEN mo := (strpos(months, m[1]) + 2) / 3; d := m[2]; y := m[3]; clock := m[4];
          ELSE
            m := regexp_match(lower(t), '^(\d{1,2})\s+([a-z]{3})[a-z]*\.?,?\s+(\d{4})(?:\s+(.*))?$');
            IF m IS NOT NULL THEN d := m[1]; mo := (strpos(months, m[2]) + 2) / 3; y := m[3]; clock := m[4];
            ELSE clock := t;
            END IF;
          END IF;
        END IF;
      END IF;
    END IF;
  END IF;
  IF clock IS NOT NULL THEN
    m := regexp_match(lower(clock), '^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.:](\d{1,9}))?)?\s*(am|pm)?\s*z?$');
    IF m IS NULL THEN m := regexp_match(lower(clock), '^(\d{1,2})()()()\s*(am|pm)$'); END IF;
    IF m IS NULL THEN
      PERFORM sim.fail(241, 16, 1, 'Conversion failed when converting date and/or time from character string.');
    END IF;
    h := m[1];
    mi := coalesce(nullif(m[2], '')::int, 0);
    s := coalesce(nullif(m[3], '')::numeric, 0);
    IF nullif(m[4], '') IS NOT NULL THEN s := s + ('0.' || m[4])::numeric; END IF;
    IF m[5] = 'pm' AND h < 12 THEN h := h + 12; ELSIF m[5] = 'am' AND h = 12 THEN h := 0; END IF;
    IF target IN ('datetime', 'smalldatetime') AND length(nullif(m[4], '')) > 3 THEN
      PERFORM sim.fail(241, 16, 1, 'Conversion failed when converting date and/or time from character string.');
    END IF;
  END IF;
  IF mo < 1 OR mo > 12 OR d < 1 OR h > 23 OR mi > 59 OR s >= 60 OR y < 1
    OR d > extract(day FROM make_date(y, mo, 1) + interval '1 month - 1 day')
    OR (target = 'datetime' AND y < 1753) OR (target = 'smalldatetime' AND (y < 1900 OR y > 2078)) THEN
    IF target IN ('datetime', 'smalldatetime') THEN
      PERFORM sim.fail(242, 16, 3, 'The conversion of a varchar data type to a ' || target || ' data type resulted in an out-of-range value.');
    END IF;
    PERFORM sim.fail(241, 16, 1, 'Conversion failed when converting date and/or time from character string.');
  END IF;
  RETURN make_date(y, mo, d) + make_interval(hours => h, mins => mi) + s::float8 * interval '1 second';
END $$;

CREATE FUNCTION sim.to_datetime(x bpchar, style int) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT sim.dt(sim.parse_moment(x, style, 'datetime'))
$$;
CREATE FUNCTION sim.minute(t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT date_trunc('minute', t + interval '30.001 seconds')
$$;
CREATE FUNCTION sim.fraction(t timestamp, d int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT left(to_char(t, 'US') || '0', d)
$$;
CREATE FUNCTION sim.clock12(t timestamp, precise boolean, d int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT lpad(((extract(hour FROM t)::int + 11) % 12 + 1)::text, 2) || to_char(t, ':MI')
    || CASE WHEN precise THEN to_char(t, ':SS') || ':' || sim.fraction(t, d) ELSE '' END || to_char(t, 'AM')
$$;
CREATE FUNCTION sim.days(x float8) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT timestamp '1900-01-01' + x * interval '1 day'
$$;
-- Numbers of days since 1900 of a datetime, for datetime ± datetime and casts to float.
CREATE FUNCTION sim.day_number(t timestamp) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (extract(epoch FROM t - timestamp '1900-01-01') / 86400)::float8
$$;

-- TRY_CAST and TRY_CONVERT from strings.
CREATE FUNCTION sim.try_int(x bpchar, target text) RETURNS int8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN sim.to_int(x, 'varchar', target);
EXCEPTION WHEN SQLSTATE 'U0001' THEN RETURN NULL;
END $$;
CREATE FUNCTION sim.try_numeric(x bpchar, p int, s int) RETURNS numeric LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN sim.to_numeric(x, 'varchar', p, s);
EXCEPTION WHEN SQLSTATE 'U0001' THEN RETURN NULL;
END $$;
CREATE FUNCTION sim.try_moment(x bpchar, style int, target text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN sim.parse_moment(x, style, target);
EXCEPTION WHEN SQLSTATE 'U0001' THEN RETURN NULL;
END $$;
