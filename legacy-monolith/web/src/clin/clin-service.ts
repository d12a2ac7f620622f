/** Row 26: the visit screen's autosave of vital signs. */

import { type AsmxArguments, type Page, WebMethodError } from "../kit/index.ts";
import { findEncounter } from "./encounter-record.ts";
import { readVitals, saveVitals, type VitalName, vitalNames, visitVitals } from "./vitals.ts";

const vitalParams = Object.fromEntries(vitalNames.map((name) => [name, "string"])) as Record<VitalName, "string">;

export const clinService: Page = {
  path: "/Services/ClinService.asmx",
  module: "clin",
  kind: "asmx",
  access: ["NURS", "PHYS", "ADMN"],
  service: {
    name: "ClinService",
    methods: {
      SaveVitals: {
        params: { enc: "int", ...vitalParams },
        result: { name: "VitalsResult", fields: { EncNo: "int", TakenDt: "datetime", BMI: "string" } },
        run: async (ctx, { args }) => {
          const encounter = await findEncounter(ctx.db, args.int("enc"));
          if (!encounter) throw new WebMethodError("Visit not found.");
          if (encounter.StatCd !== "O") throw new WebMethodError("Visit is closed.");
          const vitals = typedVitals(args);
          const { EncNo: encNo, PatNo: patNo } = encounter;
          const usrId = ctx.user.usrId;
          const now = ctx.now();
          await ctx.db.transaction((tx) => saveVitals(tx, { encNo, patNo, usrId, now, vitals }));
          const latest = (await visitVitals(ctx.db, encNo))[0];
          return { EncNo: encNo, TakenDt: latest?.TakenDt ?? null, BMI: latest?.BMI ?? "" };
        },
      },
    },
  },
};

function typedVitals(args: AsmxArguments) {
  const read = readVitals((name) => args.string(name));
  if (!read.ok) throw new WebMethodError(read.error);
  return read.vitals;
}
