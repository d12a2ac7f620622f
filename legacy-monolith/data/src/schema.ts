/**
 * The 22 legacy tables as the loader sees them: every column a row carries, its SQL type, and the default that fills it when
 * a row leaves it out. Computed columns (SndxLN, BMI) and the rowversion are absent: the server makes them. This file and
 * migrations/legacy/0001_tables.ts say the same thing twice; schema.test.ts holds one against the other.
 * It is long because 22 tables have 300 columns; cut into pieces it would be harder to compare.
 */

export type SqlType =
  | { readonly kind: "char" | "varchar" | "nvarchar" | "varbinary"; readonly length: number }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | {
      readonly kind:
        | "int"
        | "smallint"
        | "tinyint"
        | "bit"
        | "money"
        | "datetime"
        | "text"
        | "ntext"
        | "image"
        | "uniqueidentifier";
    };

/** `V` is the JavaScript value, `R` whether a row must give it. */
export type Column<V, R extends boolean> = {
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly required: R;
  readonly fallback: V | null | undefined;
};

type Maker<V> = { (): Column<V, true>; (fallback: V): Column<V, false> };
type SizedMaker = {
  (length: number): Column<string, true>;
  (length: number, fallback: string): Column<string, false>;
};

const make = <V>(type: SqlType, fallback?: V) => ({
  type,
  nullable: false,
  required: fallback === undefined,
  fallback,
});
const sized = (kind: "char" | "varchar" | "nvarchar"): SizedMaker =>
  ((length: number, fallback?: string) => make({ kind, length }, fallback)) as SizedMaker;
const plain = <V>(kind: Exclude<SqlType["kind"], "char" | "varchar" | "nvarchar" | "varbinary" | "decimal">) =>
  ((fallback?: V) => make({ kind }, fallback)) as Maker<V>;

const char = sized("char");
const varchar = sized("varchar");
const nvarchar = sized("nvarchar");
const int = plain<number>("int");
const smallint = plain<number>("smallint");
const tinyint = plain<number>("tinyint");
const bit = plain<boolean>("bit");
/** Exact text with four decimals; see money.ts. */
const money = plain<string>("money");
/** Wall clock of the legacy server, `YYYY-MM-DD HH:MM:SS`; see wall-clock.ts. */
const datetime = plain<string>("datetime");
const text = plain<string>("text");
const ntext = plain<string>("ntext");
const image = plain<Buffer>("image");
const guid = plain<string>("uniqueidentifier");
const varbinary = (length: number) => make<Buffer>({ kind: "varbinary", length }) as Column<Buffer, true>;
/** Decimals are text, so that 5.10 stays 5.10. */
const decimal = (precision: number, scale: number) =>
  make<string>({ kind: "decimal", precision, scale }) as Column<string, true>;

const orNull = <V>(column: Column<V, boolean>): Column<V | null, false> => ({
  ...column,
  nullable: true,
  required: false,
  fallback: null,
});

export const noEnd = "9999-12-31 00:00:00";
export const noStart = "1900-01-01 00:00:00";
const zero = "0.0000";

export const tables = {
  CODETBL: {
    key: ["CodeTyp", "CodeVal"],
    columns: {
      CodeTyp: char(6),
      CodeVal: char(18),
      ShortDs: varchar(30, ""),
      LongDs: varchar(120, ""),
      NumVal: orNull(int()),
      Flag1: char(1, "N"),
      SortOrd: smallint(0),
      ActvYN: char(1, "Y"),
      ModUsr: char(8, "SYSTEM"),
      ModDt: datetime(),
    },
  },
  USRMST: {
    key: ["UsrID"],
    columns: {
      UsrID: char(8),
      UsrNm: varchar(40),
      PwdHash: char(32),
      RoleCd: char(4),
      ProvYN: char(1, "N"),
      NPI: char(10, ""),
      DEANo: char(9, ""),
      SpecCd: char(4, ""),
      LocCd: char(4, "MAIN"),
      FailCnt: tinyint(0),
      LockYN: char(1, "N"),
      LastLgn: orNull(datetime()),
      ActvYN: char(1, "Y"),
    },
  },
  CLINLOC: {
    key: ["LocCd"],
    columns: {
      LocCd: char(4),
      LocNm: varchar(50),
      Addr1: varchar(40, ""),
      City: varchar(25, ""),
      StCd: char(2, ""),
      Zip: char(9, ""),
      Phone: char(10, ""),
      TZCd: char(3, "EST"),
      ActvYN: char(1, "Y"),
    },
  },
  AUDITLOG: {
    key: ["AudID"],
    identity: "AudID",
    columns: {
      AudID: int(),
      AudDt: datetime(),
      UsrID: char(8),
      PatNo: orNull(int()),
      ActCd: char(4),
      ObjTyp: char(8),
      ObjKey: varchar(20, ""),
      IPAddr: varchar(15, ""),
      OldVal: orNull(varchar(255)),
      NewVal: orNull(varchar(255)),
      Cmt: orNull(varchar(100)),
    },
  },
  PATMST: {
    key: ["PatNo"],
    identity: "PatNo",
    columns: {
      PatNo: int(),
      MRN: char(10),
      LName: varchar(30),
      FName: varchar(20),
      MI: char(1, " "),
      Suffix: char(4, ""),
      MaidNm: varchar(30, ""),
      DOB: datetime(),
      Sex: char(1, "U"),
      SSN: char(9, ""),
      MarCd: char(1, "U"),
      RaceCd: char(2, "UN"),
      EthCd: char(1, "U"),
      LangCd: char(2, "EN"),
      Addr1: varchar(40, ""),
      Addr2: varchar(40, ""),
      City: varchar(25, ""),
      StCd: char(2, ""),
      Zip: char(9, ""),
      HmPhone: char(10, ""),
      WkPhone: char(10, ""),
      CellPh: char(10, ""),
      Email: varchar(60, ""),
      GuarPat: orNull(int()),
      PCPID: char(8, ""),
      HomeLoc: char(4, "MAIN"),
      DeathDt: datetime(noEnd),
      VIPYN: char(1, "N"),
      RstrYN: char(1, "N"),
      HIPAADt: datetime(noStart),
      PortYN: char(1, "N"),
      AcctBal: money(zero),
      LastVst: orNull(datetime()),
      PhotoImg: orNull(image()),
      NoteTx: varchar(255, ""),
      MrgToPat: orNull(int()),
      DelYN: char(1, "N"),
      CrtUsr: char(8),
      CrtDt: datetime(),
      ModUsr: char(8),
      ModDt: datetime(),
    },
  },
  PATINS: {
    key: ["PatNo", "InsSeq", "EffDt"],
    columns: {
      PatNo: int(),
      InsSeq: tinyint(),
      EffDt: datetime(),
      TermDt: datetime(noEnd),
      PayCd: char(6),
      PlanNm: varchar(30, ""),
      PolNo: varchar(20),
      GrpNo: varchar(15, ""),
      SubNm: varchar(40, ""),
      SubDOB: orNull(datetime()),
      RelCd: char(1, "S"),
      CopayAmt: money(zero),
      VerDt: orNull(datetime()),
      DelYN: char(1, "N"),
    },
  },
  PATLIST: {
    key: ["ListID"],
    identity: "ListID",
    columns: {
      ListID: int(),
      PatNo: int(),
      LstTyp: char(1),
      ItemCd: char(18, ""),
      ItemDs: varchar(100),
      OnsetDt: orNull(datetime()),
      EndDt: orNull(datetime()),
      ReactDs: varchar(60, ""),
      SevCd: char(1, " "),
      StatCd: char(1, "A"),
      EncNo: orNull(int()),
      Cmt: varchar(255, ""),
      EntUsr: char(8),
      EntDt: datetime(),
      DelYN: char(1, "N"),
    },
  },
  PROVSCHED: {
    key: ["ProvID", "LocCd", "DOW", "StartTm", "EffDt"],
    columns: {
      ProvID: char(8),
      LocCd: char(4),
      DOW: tinyint(),
      StartTm: char(4),
      EndTm: char(4),
      SlotMin: tinyint(15),
      ApTyLst: varchar(40, ""),
      EffDt: datetime(),
      TermDt: datetime(noEnd),
    },
  },
  tblAppointment: {
    key: ["ApptID"],
    identity: "ApptID",
    columns: {
      ApptID: int(),
      PatNo: orNull(int()),
      PatNm: varchar(60, ""),
      MRN: char(10, ""),
      PatPhone: char(10, ""),
      ProvID: char(8),
      ProvNm: varchar(40, ""),
      LocCd: char(4),
      ApptDt: datetime(),
      ApptTm: char(4),
      DurMin: smallint(15),
      ApptEnd: orNull(datetime()),
      ApTypCd: char(4),
      StatCd: char(2, "SC"),
      RsnTx: varchar(100, ""),
      OvrBkYN: char(1, "N"),
      CxRsnCd: char(2, ""),
      ChkInTm: orNull(datetime()),
      EncNo: orNull(int()),
      RmndYN: char(1, "N"),
      SrcCd: char(1, "F"),
      CrtUsr: char(8),
      CrtDt: datetime(),
      ModUsr: char(8),
      ModDt: datetime(),
      DelYN: char(1, "N"),
    },
  },
  ENCMST: {
    key: ["EncNo"],
    identity: "EncNo",
    columns: {
      EncNo: int(),
      PatNo: int(),
      PatNm: varchar(60),
      ApptID: orNull(int()),
      ProvID: char(8),
      LocCd: char(4),
      EncTyp: char(4),
      EncDt: datetime(),
      DischDt: datetime(noEnd),
      RsnTx: varchar(200, ""),
      Dx1: char(18, ""),
      Dx2: char(18, ""),
      Dx3: char(18, ""),
      Dx4: char(18, ""),
      StatCd: char(1, "O"),
      ChgTot: money(zero),
      BillYN: char(1, "N"),
      CrtUsr: char(8),
      CrtDt: datetime(),
      ModUsr: char(8),
      ModDt: datetime(),
    },
  },
  VITALS: {
    key: ["EncNo", "TakenDt"],
    columns: {
      EncNo: int(),
      TakenDt: datetime(),
      PatNo: int(),
      HtIn: orNull(decimal(5, 2)),
      WtLb: orNull(decimal(6, 2)),
      TempF: orNull(decimal(4, 1)),
      BPSys: orNull(smallint()),
      BPDia: orNull(smallint()),
      Pulse: orNull(smallint()),
      Resp: orNull(smallint()),
      O2Sat: orNull(smallint()),
      PainSc: orNull(tinyint()),
      EntUsr: char(8),
    },
  },
  CLINNOTE: {
    key: ["NoteID"],
    identity: "NoteID",
    columns: {
      NoteID: int(),
      EncNo: int(),
      PatNo: int(),
      NotTyp: char(4),
      NoteDt: datetime(),
      AuthID: char(8),
      AuthNm: varchar(40, ""),
      NoteTx: orNull(text()),
      SgndYN: char(1, "N"),
      SgndDt: orNull(datetime()),
      SgndBy: char(8, ""),
      AddOfID: orNull(int()),
      SensCd: char(1, "N"),
      TmplCd: char(6, ""),
      DelYN: char(1, "N"),
      ModDt: datetime(),
    },
  },
  LABORD: {
    key: ["OrdNo"],
    columns: {
      OrdNo: char(12),
      PatNo: int(),
      EncNo: orNull(int()),
      ProvID: char(8),
      PanelCd: char(10),
      PanelDs: varchar(100),
      OrdDt: datetime(),
      CollDt: orNull(datetime()),
      PriCd: char(1, "R"),
      StatCd: char(2, "OR"),
      LabCd: char(4, "INHS"),
      AccnNo: varchar(20, ""),
      DxCd: char(18, ""),
      FastYN: char(1, "N"),
      RevYN: char(1, "N"),
      RevUsr: char(8, ""),
      RevDt: orNull(datetime()),
      RelPtYN: char(1, "N"),
      ModDt: datetime(),
    },
  },
  LABRES: {
    key: ["OrdNo", "TestCd", "SeqNo"],
    columns: {
      OrdNo: char(12),
      TestCd: char(10),
      SeqNo: smallint(),
      PatNo: int(),
      TestDs: varchar(100),
      ResVal: varchar(30, ""),
      ResUnt: varchar(15, ""),
      RefRng: varchar(25, ""),
      AbnFlg: char(2, ""),
      ResSt: char(1, "P"),
      ObsDt: orNull(datetime()),
      RptDt: datetime(),
      ResCmt: varchar(255, ""),
    },
  },
  IFCMSG: {
    key: ["MsgID"],
    identity: "MsgID",
    columns: {
      MsgID: int(),
      DirCd: char(1),
      MsgTyp: char(8),
      RefTyp: char(3, ""),
      RefKey: varchar(20, ""),
      MsgTx: orNull(text()),
      StatCd: char(1, "Q"),
      TryCnt: tinyint(0),
      ErrTx: varchar(255, ""),
      CrtDt: datetime(),
      SntDt: orNull(datetime()),
      AckDt: orNull(datetime()),
    },
  },
  RXMST: {
    key: ["RxNo"],
    identity: "RxNo",
    columns: {
      RxNo: int(),
      PatNo: int(),
      PatNm: varchar(60),
      EncNo: orNull(int()),
      ProvID: char(8),
      DrugCd: char(12),
      DrugNm: varchar(100),
      StrTx: varchar(20, ""),
      SigTx: varchar(140, ""),
      QtyTx: varchar(10, ""),
      RefAuth: tinyint(0),
      RefUsed: tinyint(0),
      RefReqYN: char(1, "N"),
      DAWYN: char(1, "N"),
      CtrlCl: char(1, " "),
      StartDt: datetime(),
      EndDt: datetime(noEnd),
      PhrmCd: char(7, ""),
      StatCd: char(1, "A"),
      SentCd: char(1, "N"),
      RxDt: datetime(),
      ModUsr: char(8),
      ModDt: datetime(),
    },
  },
  CHGMST: {
    key: ["EncNo", "LnNo"],
    columns: {
      EncNo: int(),
      LnNo: smallint(),
      PatNo: int(),
      ProcCd: char(18),
      ProcDs: varchar(100, ""),
      Mod1: char(2, ""),
      Units: decimal(5, 1),
      UnitAmt: money(),
      ExtAmt: money(),
      DxPtr: char(4, "1"),
      SvcDt: datetime(),
      ProvID: char(8),
      ClmNo: char(10, ""),
      StatCd: char(1, "N"),
      CrtUsr: char(8),
      CrtDt: datetime(),
    },
  },
  CLMHDR: {
    key: ["ClmNo"],
    columns: {
      ClmNo: char(10),
      EncNo: int(),
      PatNo: int(),
      PatNm: varchar(60),
      InsSeq: tinyint(1),
      PayCd: char(6),
      PolNo: varchar(20, ""),
      ClmTyp: char(1, "P"),
      Dx1: char(18, ""),
      Dx2: char(18, ""),
      Dx3: char(18, ""),
      Dx4: char(18, ""),
      TotAmt: money(),
      AlwAmt: money(zero),
      PaidAmt: money(zero),
      PtResp: money(zero),
      StatCd: char(2, "RD"),
      SubDt: orNull(datetime()),
      RspDt: orNull(datetime()),
      DnyRsn: char(4, ""),
      EDIBat: char(8, ""),
      ModDt: datetime(),
    },
  },
  PMTTRN: {
    key: ["TrnID"],
    identity: "TrnID",
    columns: {
      TrnID: int(),
      PatNo: int(),
      ClmNo: char(10, ""),
      EncNo: orNull(int()),
      LnNo: orNull(smallint()),
      TrnTyp: char(2),
      Amt: money(),
      TrnDt: datetime(),
      PostDt: datetime(),
      ChkNo: varchar(15, ""),
      CCLast4: char(4, ""),
      BatNo: char(8, ""),
      PostUsr: char(8),
      RevOfID: orNull(int()),
      Cmt: varchar(100, ""),
    },
  },
  PORTAL_USER: {
    key: ["PortalUserId"],
    identity: "PortalUserId",
    columns: {
      PortalUserId: int(),
      PatNo: int(),
      LoginName: nvarchar(50),
      PwdHash: varbinary(20),
      Salt: guid(),
      Email: orNull(nvarchar(100)),
      ProxyForPatNo: orNull(int()),
      SecretQ: orNull(nvarchar(100)),
      SecretA: orNull(nvarchar(100)),
      LastLogin: orNull(datetime()),
      IsActive: bit(true),
      CreatedOn: datetime(),
    },
  },
  PORTAL_MSG: {
    key: ["MsgId"],
    columns: {
      MsgId: guid(),
      ThreadId: guid(),
      PatNo: int(),
      FromType: char(1),
      FromId: varchar(20),
      ToId: varchar(20, ""),
      MsgType: char(4),
      Subject: nvarchar(150),
      Body: orNull(ntext()),
      RefKey: varchar(20, ""),
      IsRead: bit(false),
      SentOn: datetime(),
      IsDeleted: bit(false),
    },
  },
  RPT_DAILY: {
    key: ["RptDt", "LocCd", "ProvID"],
    columns: {
      RptDt: datetime(),
      LocCd: char(4),
      ProvID: char(8),
      ApptCnt: int(0),
      NoShCnt: int(0),
      CxlCnt: int(0),
      EncCnt: int(0),
      NewPtCnt: int(0),
      RxCnt: int(0),
      LabCnt: int(0),
      ChgAmt: money(zero),
      PmtAmt: money(zero),
      CalcDt: datetime(),
    },
  },
} as const;

export type TableName = keyof typeof tables;
/** In the order they are loaded: what others point at comes first. */
export const tableNames = Object.keys(tables) as TableName[];

type Columns<T extends TableName> = (typeof tables)[T]["columns"];
type RequiredName<C> = { [K in keyof C]: C[K] extends { required: true } ? K : never }[keyof C];
type ValueOf<C> = C extends Column<infer V, boolean> ? V : never;

/** A whole row. */
export type Row<T extends TableName> = { -readonly [K in keyof Columns<T>]: ValueOf<Columns<T>[K]> };
/** What must be given to make a row; the rest has the table's defaults. */
export type NewRow<T extends TableName> = Pick<Row<T>, RequiredName<Columns<T>> & keyof Row<T>> & Partial<Row<T>>;

export type AnyColumn = Column<string | number | boolean | Buffer | null, boolean>;

export function columnsOf(table: TableName): [string, AnyColumn][] {
  return Object.entries(tables[table].columns as Record<string, AnyColumn>);
}

export function identityOf(table: TableName): string | undefined {
  const definition = tables[table];
  return "identity" in definition ? definition.identity : undefined;
}

/** A row with the defaults of the table for whatever `given` leaves out. */
export function row<T extends TableName>(table: T, given: NewRow<T>): Row<T> {
  const filled = columnsOf(table).map(([name, column]) => [
    name,
    name in given ? given[name as keyof NewRow<T>] : column.fallback,
  ]);
  return Object.fromEntries(filled) as Row<T>;
}
