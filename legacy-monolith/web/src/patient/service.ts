/** `PatientService.asmx`: the type-ahead of the patient box. */

import { type AsmxService, p, type SqlParameters } from "../kit/index.ts";
import { typeAheadRowsMax } from "../limits.ts";

type Found = { PatNo: number; MRN: string; LName: string; FName: string; MI: string; DOB: Date; Sex: string };

export const patientService: AsmxService = {
  name: "PatientService",
  methods: {
    FindPatients: {
      params: { prefix: "string", maxRows: "int" },
      result: {
        listOf: {
          name: "PatientInfo",
          fields: { PatNo: "int", MRN: "string", Name: "string", DOB: "datetime", Sex: "string" },
        },
      },
      async run(ctx, { args }) {
        const prefix = args.string("prefix").trim();
        const rowsMax = Math.min(Math.max(args.int("maxRows") || 10, 1), typeAheadRowsMax);
        if (prefix === "") return [];
        const { where, parameters } = condition(prefix);
        const rows = await ctx.db.query<Found>(
          `SELECT TOP (${rowsMax}) PatNo, MRN, LName, FName, MI, DOB, Sex FROM PATMST
           WHERE ${where} AND DelYN <> 'Y' AND MrgToPat IS NULL ORDER BY LName, FName, PatNo`,
          parameters,
        );
        return rows.map(({ PatNo, MRN, LName, FName, MI, DOB, Sex }) => ({
          PatNo,
          MRN,
          Name: `${LName}, ${FName} ${MI}`.trim(),
          DOB,
          Sex,
        }));
      },
    },
  },
};

/** Digits are an MRN's beginning; `SMITH, JO` is both names' beginnings; all else a last name's. */
function condition(prefix: string): { where: string; parameters: SqlParameters } {
  if (/^\d+$/.test(prefix))
    return { where: "MRN LIKE @mrn", parameters: { mrn: p.varchar(11, `${prefix.slice(0, 10)}%`) } };
  const [last = "", first] = prefix.split(",").map((part) => part.trim());
  const parameters = { ln: p.varchar(31, `${last.slice(0, 30)}%`) };
  if (!first) return { where: "LName LIKE @ln", parameters };
  return {
    where: "LName LIKE @ln AND FName LIKE @fn",
    parameters: { ...parameters, fn: p.varchar(21, `${first.slice(0, 20)}%`) },
  };
}
