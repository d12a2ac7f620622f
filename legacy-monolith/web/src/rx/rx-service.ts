/** Row 38: the interaction check as the prescribing screen calls it. */

import { findCode, type Page, p, WebMethodError } from "../kit/index.ts";
import { checkDrug } from "./prescription-record.ts";
import { drugName } from "./prescription-form.ts";

export const rxService: Page = {
  path: "/Services/RxService.asmx",
  module: "rx",
  kind: "asmx",
  access: ["NURS", "PHYS", "ADMN"],
  service: {
    name: "RxService",
    methods: {
      CheckInteractions: {
        params: { pid: "int", drugCd: "string" },
        result: { listOf: { name: "Interaction", fields: { Severity: "string", Text: "string" } } },
        run: async (ctx, { args }) => {
          const patient = await ctx.db.first("SELECT PatNo FROM PATMST WHERE PatNo = @pat AND DelYN <> 'Y'", {
            pat: p.int(args.int("pid")),
          });
          if (!patient) throw new WebMethodError("Patient not found.");
          const code = args.string("drugCd").trim();
          const drug = code === "" ? undefined : await findCode(ctx.db, "DRUG", code);
          if (!drug) throw new WebMethodError("Drug not found.");
          return checkDrug(ctx.db, args.int("pid"), { code: drug.CodeVal, name: drugName(drug) });
        },
      },
    },
  },
};
