/**
 * What clients and the capture driver send, with the kinds of statements each text holds: input of the parser's tests
 * and seed of its fuzzing.
 */

type ClientStatement = { readonly text: string; readonly kinds: string };

const sent = (kinds: string, ...texts: readonly string[]): ClientStatement[] => texts.map((text) => ({ text, kinds }));

const tediousConnect = `set ansi_nulls on
set ansi_null_dflt_on on
set ansi_padding on
set ansi_warnings on
set arithabort on
set concat_null_yields_null on
set datefirst 7
set dateformat mdy
set implicit_transactions off
set language us_english
set numeric_roundabort off
set quoted_identifier on
set textsize 2147483647
set transaction isolation level read committed
set xact_abort off`;

const knexDefaultLookup = `DECLARE @constraint varchar(100) = (SELECT default_constraints.name
  FROM sys.all_columns
  INNER JOIN sys.tables ON all_columns.object_id = tables.object_id
  INNER JOIN sys.schemas ON tables.schema_id = schemas.schema_id
  INNER JOIN sys.default_constraints ON all_columns.default_object_id = default_constraints.object_id
  WHERE schemas.name = 'dbo' AND tables.name = 't' AND all_columns.name = 'c')
IF @constraint IS NOT NULL EXEC('ALTER TABLE t DROP CONSTRAINT ' + @constraint)`;

const knexComment = `IF EXISTS(SELECT * FROM sys.fn_listextendedproperty(N'MS_Description', N'Schema', N'dbo', N'Table', N't', N'Column', N'c'))
  EXEC sys.sp_updateextendedproperty N'MS_Description', N'x', N'Schema', N'dbo', N'Table', N't', N'Column', N'c'
ELSE
  EXEC sys.sp_addextendedproperty N'MS_Description', N'x', N'Schema', N'dbo', N'Table', N't', N'Column', N'c'`;

const enableTable = `EXEC sys.sp_cdc_enable_table @source_schema=N'dbo', @source_name=N'Patient', @role_name=NULL,
  @capture_instance=N'dbo_Patient', @supports_net_changes=0, @index_name=NULL,
  @captured_column_list=NULL, @filegroup_name=NULL, @allow_partition_switch=1;`;

const window = `SELECT MAX(w.start_lsn) AS hi, COUNT(*) AS n FROM (SELECT TOP (@n) start_lsn FROM cdc.lsn_time_mapping
  WHERE start_lsn > @cursor AND start_lsn <= @max AND tran_id <> 0x00 ORDER BY start_lsn) w;`;

const changes = `SELECT c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation], c.[__$update_mask], c.[id], c.[name]
  FROM cdc.[dbo_Patient_CT] c WHERE c.[__$start_lsn] > @cursor AND c.[__$start_lsn] <= @hi
  ORDER BY c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation];`;

const origin = `CREATE TABLE dbo.adapter_origin (outbox_id uniqueidentifier PRIMARY KEY, epoch int NOT NULL, keys_json nvarchar(4000) NULL,
  at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME());   -- CDC-enabled, needs no net changes`;

const legacyTable = `CREATE TABLE VITALS (             -- own: clinical; one wide row, imperial units
  EncNo int NOT NULL, TakenDt datetime NOT NULL, PatNo int NOT NULL, HtIn decimal(5,2) NULL, WtLb decimal(6,2) NULL, TempF decimal(4,1) NULL,
  BMI AS (CASE WHEN HtIn > 0 THEN CAST(703.0 * WtLb / (HtIn * HtIn) AS decimal(5,1)) END),
  SndxLN   AS (SOUNDEX(LName)), DeathDt datetime NOT NULL DEFAULT '9999-12-31', RowVer timestamp NOT NULL, PhotoImg image NULL,
  MsgId uniqueidentifier NOT NULL DEFAULT NEWID(), AcctBal money NOT NULL DEFAULT 0, MI char(1) NOT NULL DEFAULT ' ',
  EntUsr char(8) NOT NULL, CONSTRAINT PK_VITALS PRIMARY KEY (EncNo, TakenDt));`;

const legacyTrigger = `CREATE TRIGGER TR_APPT_IU ON tblAppointment AFTER INSERT, UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT (UPDATE(ApptDt) OR UPDATE(ApptTm) OR UPDATE(DurMin)) RETURN;
  UPDATE a SET ApptEnd = DATEADD(minute, i.DurMin, i.ApptDt), ModDt = GETDATE()
    FROM tblAppointment AS a INNER JOIN inserted AS i ON i.ApptID = a.ApptID;
  IF EXISTS (SELECT 1 FROM inserted i JOIN tblAppointment b ON b.ProvID = i.ProvID AND b.ApptID <> i.ApptID WHERE i.OvrBkYN <> 'Y')
  BEGIN
    RAISERROR('SLOT TAKEN', 16, 1);
    ROLLBACK TRANSACTION;
    RETURN;
  END
END`;

export const clientStatements: readonly ClientStatement[] = [
  // tedious, mssql
  ...sent(Array.from({ length: 15 }, () => "setOption").join(" "), tediousConnect),
  ...sent("query", "SELECT 1;"),
  ...sent("declare query query", "declare @k int;select @k = 3;select @k;"),
  ...sent("if", "if object_id('[T]') is null create table [T] ([a] int not null, [b] nvarchar(max) null)"),
  ...sent(
    "insertBulk",
    "insert bulk T([c] varchar(50), [d] datetime2(7)) WITH (CHECK_CONSTRAINTS, FIRE_TRIGGERS, KEEP_NULLS, TABLOCK, ORDER([c] ASC))",
  ),
  // knex: exists, migrations
  ...sent(
    "query",
    "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = @p0 AND TABLE_SCHEMA = @p1",
    "select object_id from sys.columns where name = @p0 and object_id = object_id(@p1)",
    "select [COLUMN_NAME], [COLUMN_DEFAULT], [DATA_TYPE], [CHARACTER_MAXIMUM_LENGTH], [IS_NULLABLE] from INFORMATION_SCHEMA.COLUMNS where table_name = @p0 and table_catalog = @p1 and table_schema = 'dbo'",
    "select [name] from [knex_migrations] order by [id] asc",
    "select max([batch]) as [max_batch] from [knex_migrations]",
    "select * from [knex_migrations] where [batch] = (select max([batch]) from [knex_migrations]) order by [id] desc",
    "SELECT * INTO [n] FROM [t] WHERE 0=1",
    "select top (@p0) [a] from [t] order by IIF([v] is null,1,0) asc",
    "select * from [t] order by [id] asc offset @p0 rows fetch next @p1 rows only",
    "select * from [t] with (UPDLOCK) where [n] collate SQL_Latin1_General_CP1_CS_AS like @p0",
  ),
  ...sent(
    "createTable",
    "CREATE TABLE [knex_migrations] ([id] int identity(1,1) not null primary key, [name] nvarchar(255), [batch] int, [migration_time] datetime2)",
    "CREATE TABLE [knex_migrations_lock] ([index] int identity(1,1) not null primary key, [is_locked] int)",
    "CREATE TABLE [t] ([n] nvarchar(60) not null, [a] bit CONSTRAINT [t_a_default] DEFAULT '1', CONSTRAINT [t_x_foreign] FOREIGN KEY ([x]) REFERENCES [u] ([id]) ON DELETE CASCADE, CONSTRAINT [t_pkey] PRIMARY KEY ([a], [b]), constraint ck check ([a] >= 0))",
    origin,
    legacyTable,
  ),
  ...sent(
    "update query",
    "update [knex_migrations_lock] set [is_locked] = @p0 where [is_locked] = @p1;select @@rowcount",
  ),
  ...sent("delete query", "delete from [knex_migrations] where [name] = @p0;select @@rowcount"),
  ...sent(
    "insert",
    "insert into [knex_migrations] ([batch], [migration_time], [name]) values (@p0, @p1, @p2)",
    "insert into [t] ([a], [b]) output inserted.[id] values (@p0, @p1), (@p2, DEFAULT)",
    "insert into [t] default values",
  ),
  // knex: schema
  ...sent(
    "createIndex",
    "CREATE UNIQUE INDEX [t_e_unique] ON [t] ([e]) WHERE [e] IS NOT NULL",
    "CREATE INDEX IX_PATMST_NM ON PATMST (LName, FName, DOB);",
  ),
  ...sent("dropIndex", "DROP INDEX [i] ON [t]"),
  ...sent(
    "alterTable",
    "ALTER TABLE [t] ADD [c] nvarchar(20), [d] int not null CONSTRAINT [t_d_default] DEFAULT '0'",
    "ALTER TABLE [t] ALTER COLUMN [c] nvarchar(200) not null",
    "ALTER TABLE [t] ADD CONSTRAINT [x] DEFAULT 'z' FOR [c]",
    "ALTER TABLE [t] ADD CONSTRAINT [x] UNIQUE ([c])",
    "ALTER TABLE [t] ADD CONSTRAINT [x] PRIMARY KEY ([a], [b])",
    "ALTER TABLE [t] DROP COLUMN [c]",
    "ALTER TABLE dbo.Patient ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = ON);",
  ),
  ...sent("declare if", knexDefaultLookup),
  ...sent(
    "if",
    knexComment,
    "if object_id('[t]', 'U') is not null DROP TABLE [t]",
    "if object_id('[t]', 'U') is null CREATE TABLE [t] ([a] int)",
  ),
  ...sent("execute", "exec sp_rename @p0, @p1, 'COLUMN'", "exec sp_rename @p0, @p1"),
  ...sent(
    "createView",
    "CREATE OR ALTER VIEW [v] ([a]) AS select [a] from [t]",
    "CREATE VIEW [v] AS select * from [t]",
  ),
  // knex: data
  ...sent(
    "query insert query dropTable",
    "select top(0) [t].[id] into #out from [t] as t left join [t] on 0=1;insert into [t] ([a]) output inserted.[id] into #out values (@p0); select [id] from #out; drop table #out;",
  ),
  ...sent(
    "update",
    "update [t] set [a] = @p0 output inserted.[id] where [b] = @p1",
    "update [t] set [a] = [u].[a] from [t] inner join [u] on [t].[i] = [u].[i]",
    "update top (@p0) [t] set [a] = 1",
    "WITH CHANGE_TRACKING_CONTEXT(@origin) UPDATE dbo.Patient SET name = @n;",
  ),
  ...sent(
    "delete",
    "delete from [t] output deleted.[id] where [a] = 1",
    "delete [t] from [t] inner join [u] on [t].[i] = [u].[i]",
  ),
  ...sent("truncate", "truncate table [t]"),
  // capture driver
  ...sent(
    "execute",
    "EXEC sys.sp_cdc_enable_db;",
    enableTable,
    "EXEC sys.sp_cdc_disable_table @source_schema=N'dbo', @source_name=N'Patient', @capture_instance=N'all';",
    "EXEC sys.sp_cdc_change_job @job_type=N'capture', @pollinginterval=1",
    "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Patient', @low_water_mark = 0x0000002A000008990004, @threshold = 5000",
    "EXEC sys.sp_cdc_help_change_data_capture @source_schema = N'dbo', @source_name = N'Patient'",
  ),
  ...sent(
    "query",
    "SELECT is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID();",
    "SELECT is_tracked_by_cdc FROM sys.tables WHERE object_id = OBJECT_ID(@t);",
    "SELECT sys.fn_cdc_get_max_lsn() AS max_lsn;",
    window,
    "SELECT sys.fn_cdc_get_min_lsn(@inst) AS min_lsn;",
    "SELECT [__$start_lsn], outbox_id, epoch FROM cdc.[dbo_adapter_origin_CT]\nWHERE [__$start_lsn] > @cursor AND [__$start_lsn] <= @hi AND [__$operation] = 2;",
    changes,
    "SELECT start_lsn, tran_begin_time, tran_end_time, tran_id, tran_begin_lsn FROM cdc.lsn_time_mapping WHERE start_lsn > @cursor AND start_lsn <= @hi ORDER BY start_lsn;",
    "SELECT source_object_id, ddl_command, ddl_lsn, required_column_update FROM cdc.ddl_history WHERE ddl_lsn > @cursor AND ddl_lsn <= @hi;",
    "SELECT ct.capture_instance, cc.column_name, cc.column_type, cc.column_ordinal FROM cdc.captured_columns cc\n  JOIN cdc.change_tables ct ON ct.object_id = cc.object_id ORDER BY ct.capture_instance, cc.column_ordinal;",
    "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_Patient(@from, @to, N'all update old')",
    "SELECT SUBSTRING(m, DATALENGTH(m)-((ord-1)/8), 1) & POWER(2,(ord-1)%8) FROM t",
    "SELECT TOP (@n) a, b FROM t WHERE id > @last ORDER BY id",
    "SELECT x FROM t WITH (TABLOCK, HOLDLOCK)",
    "SELECT CHANGE_TRACKING_CURRENT_VERSION(), CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'dbo.Patient'));",
    "SELECT ct.SYS_CHANGE_VERSION, ct.SYS_CHANGE_CONTEXT, ct.id, p.* FROM CHANGETABLE(CHANGES dbo.Patient, @v) AS ct LEFT JOIN dbo.Patient p ON p.id = ct.id;",
    "SELECT CASE WHEN status = 4 THEN 1 ELSE 0 END AS ok FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent (%'",
    "SELECT log_end_lsn FROM sys.dm_db_log_stats(DB_ID())",
  ),
  ...sent(
    "begin insert commit",
    "BEGIN TRAN; INSERT dbo.adapter_origin(outbox_id, epoch, keys_json) VALUES (@o,@e,@k); /* business DML */ COMMIT;",
  ),
  ...sent("save", "SAVE TRANSACTION s"),
  ...sent(
    "alterDatabase",
    "ALTER DATABASE x SET ALLOW_SNAPSHOT_ISOLATION ON",
    "ALTER DATABASE x SET READ_COMMITTED_SNAPSHOT ON",
    "ALTER DATABASE x SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON);",
  ),
  ...sent("security", "GRANT SELECT ON cdc.[dbo_Patient_CT] TO reader"),
  ...sent("setOption setOption", "SET XACT_ABORT ON; SET LOCK_TIMEOUT 5000"),
  // the legacy schema
  ...sent("createTrigger", legacyTrigger),
  ...sent("update", "UPDATE CODETBL SET NumVal=NumVal+1 WHERE CodeTyp='SEQ' AND CodeVal=@typ"),
];

/** Near misses of the statements above, which SQL Server refuses too. */
export const rejectedMutations: readonly string[] = [
  "select top (@p0 [a] from [t]",
  "select * from [t] order by [id] asc offset @p0 fetch next @p1 rows only",
  "select * from [t] offset 1 rows",
  "insert into [t] ([a], [b]) values @p0, @p1",
  "insert into [t] ([a]) values (@p0) output inserted.[id]",
  "update [t] [a] = @p0",
  "update [t] set [a] @p0",
  "delete from [t] output where [a] = 1",
  "CREATE TABLE [t] ([a] int [b] int)",
  "CREATE TABLE [t] ([a] int identity(1) not null)",
  "CREATE INDEX [t] ([e])",
  "ALTER TABLE [t] ADD CONSTRAINT [x] DEFAULT 'z'",
  "ALTER TABLE [t] ALTER [c] int",
  "ALTER TABLE [t] ALTER COLUMN [c] nvarchar(20) default 'x'",
  "IF EXISTS(SELECT 1) ELSE SELECT 2",
  "DECLARE @x",
  "SET @x",
  "SAVE TRANSACTION",
  "SELECT TOP (1) FROM t",
  "SELECT a FROM t GROUP a",
  "SELECT a FROM t LEFT JOIN u",
  "SELECT a FROM t CROSS JOIN u ON 1 = 1",
  "SELECT a FROM t WHERE a IN ()",
  "SELECT a FROM (SELECT 1 AS a)",
  "SELECT CASE WHEN a = 1 THEN 2",
  "CREATE TRIGGER x ON t AFTER UPSERT AS SELECT 1",
  "CREATE TRIGGER x ON t AFTER INSERT AS",
  "BEGIN TRY SELECT 1 END TRY",
  "EXEC sp_rename @p0 @p1",
  "WITH x AS SELECT 1 SELECT * FROM x",
];
