/**
 * Vital signs as the old screens take them: imperial units, one wide row a measurement. The form and the autosave of
 * ClinService write through here; a nurse who corrects within the hour corrects the row, later she adds one.
 */

import { p, type Sql } from "../kit/index.ts";
import { addMinutes } from "../kit/index.ts";

export const vitalNames = ["ht", "wt", "temp", "sys", "dia", "pulse", "resp", "o2", "pain"] as const;
export type VitalName = (typeof vitalNames)[number];

type VitalField = {
  readonly column: string;
  readonly label: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly decimals: 0 | 1 | 2;
};

/** Bounds are the old screen's own plausibility limits. */
export const vitalFields: Readonly<Record<VitalName, VitalField>> = {
  ht: { column: "HtIn", label: "Height", unit: "in", min: 10, max: 100, decimals: 2 },
  wt: { column: "WtLb", label: "Weight", unit: "lb", min: 1, max: 1400, decimals: 2 },
  temp: { column: "TempF", label: "Temp", unit: "F", min: 80, max: 115, decimals: 1 },
  sys: { column: "BPSys", label: "BP systolic", unit: "mmHg", min: 30, max: 300, decimals: 0 },
  dia: { column: "BPDia", label: "BP diastolic", unit: "mmHg", min: 10, max: 200, decimals: 0 },
  pulse: { column: "Pulse", label: "Pulse", unit: "/min", min: 10, max: 300, decimals: 0 },
  resp: { column: "Resp", label: "Resp", unit: "/min", min: 2, max: 100, decimals: 0 },
  o2: { column: "O2Sat", label: "O2 Sat", unit: "%", min: 20, max: 100, decimals: 0 },
  pain: { column: "PainSc", label: "Pain", unit: "0-10", min: 0, max: 10, decimals: 0 },
};

/** Null: not measured. */
export type Vitals = Readonly<Record<VitalName, number | null>>;

export type VitalsRead =
  | { readonly ok: true; readonly vitals: Vitals }
  | { readonly ok: false; readonly error: string };

/** Reads typed values; an empty one is "not measured". */
export function readVitals(typed: (name: VitalName) => string): VitalsRead {
  const vitals: Record<VitalName, number | null> = { ...noVitals };
  for (const name of vitalNames) {
    const text = typed(name).trim();
    if (text === "") continue;
    const { label, min, max, decimals } = vitalFields[name];
    const value = /^\d{1,4}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) return { ok: false, error: `${label} is not a number.` };
    if (value < min || value > max) return { ok: false, error: `${label} must be between ${min} and ${max}.` };
    vitals[name] = Number(value.toFixed(decimals));
  }
  if (vitals.sys !== null && vitals.dia !== null && vitals.sys <= vitals.dia) {
    return { ok: false, error: "BP systolic must be above BP diastolic." };
  }
  return { ok: true, vitals };
}

const noVitals: Vitals = {
  ht: null,
  wt: null,
  temp: null,
  sys: null,
  dia: null,
  pulse: null,
  resp: null,
  o2: null,
  pain: null,
};

export function anyVital(vitals: Vitals): boolean {
  return vitalNames.some((name) => vitals[name] !== null);
}

export type VitalsRow = Vitals & { readonly TakenDt: Date; readonly EntUsr: string; readonly BMI: string };

const selectList = `TakenDt, EntUsr, HtIn, WtLb, TempF, BPSys, BPDia, Pulse, Resp, O2Sat, PainSc, BMI`;

/** The rows of a visit, newest first. */
export async function visitVitals(sql: Sql, encNo: number): Promise<VitalsRow[]> {
  const rows = await sql.query<Record<string, unknown> & { TakenDt: Date; EntUsr: string }>(
    `SELECT ${selectList} FROM VITALS WHERE EncNo = @enc ORDER BY TakenDt DESC`,
    { enc: p.int(encNo) },
  );
  return rows.map((row) => {
    const vitals = Object.fromEntries(
      vitalNames.map((name) => [name, numberOrNull(row[vitalFields[name].column])]),
    ) as Vitals;
    const bmi = numberOrNull(row["BMI"])?.toFixed(1) ?? "";
    return Object.assign(vitals, { TakenDt: row.TakenDt, EntUsr: row.EntUsr, BMI: bmi });
  });
}

const numberOrNull = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));

/** Minutes within which the same person's entry corrects the row before. */
const correctionMinutes = 60;

export type VitalsEntry = {
  readonly encNo: number;
  readonly patNo: number;
  readonly usrId: string;
  /** Wall date. */
  readonly now: Date;
  readonly vitals: Vitals;
};

/** Writes an entry inside the caller's transaction. @returns when the row was taken; undefined when nothing was measured or nothing changed. */
export async function saveVitals(tx: Sql, entry: VitalsEntry): Promise<Date | undefined> {
  if (!anyVital(entry.vitals)) return undefined;
  const latest = (await visitVitals(tx, entry.encNo))[0];
  if (latest && vitalNames.every((name) => latest[name] === entry.vitals[name])) return undefined;
  const values = {
    enc: p.int(entry.encNo),
    ht: p.decimal(5, 2, entry.vitals.ht),
    wt: p.decimal(6, 2, entry.vitals.wt),
    temp: p.decimal(4, 1, entry.vitals.temp),
    sys: p.smallint(entry.vitals.sys),
    dia: p.smallint(entry.vitals.dia),
    pulse: p.smallint(entry.vitals.pulse),
    resp: p.smallint(entry.vitals.resp),
    o2: p.smallint(entry.vitals.o2),
    pain: p.tinyint(entry.vitals.pain),
  };
  if (latest && latest.EntUsr === entry.usrId && addMinutes(latest.TakenDt, correctionMinutes) > entry.now) {
    await tx.execute(
      `UPDATE VITALS SET HtIn = @ht, WtLb = @wt, TempF = @temp, BPSys = @sys, BPDia = @dia, Pulse = @pulse, Resp = @resp,
       O2Sat = @o2, PainSc = @pain WHERE EncNo = @enc AND TakenDt = @taken`,
      { ...values, taken: p.datetime(latest.TakenDt) },
    );
    return latest.TakenDt;
  }
  const wanted = new Date(Math.floor(entry.now.getTime() / 1000) * 1000);
  const taken = latest && latest.TakenDt >= wanted ? new Date(latest.TakenDt.getTime() + 1000) : wanted;
  await tx.execute(
    `INSERT INTO VITALS (EncNo, TakenDt, PatNo, HtIn, WtLb, TempF, BPSys, BPDia, Pulse, Resp, O2Sat, PainSc, EntUsr)
     VALUES (@enc, @taken, @pat, @ht, @wt, @temp, @sys, @dia, @pulse, @resp, @o2, @pain, @usr)`,
    { ...values, taken: p.datetime(taken), pat: p.int(entry.patNo), usr: p.char(8, entry.usrId) },
  );
  return taken;
}
