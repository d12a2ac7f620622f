/** `PatientService.asmx`: the type-ahead of the patient box. */

import { asStored } from "@banyan/service-kit/legacy";
import { patientTable } from "../../mapping/patient.ts";
import { typeAheadRowsMax } from "../limits.ts";
import { typeAhead } from "../store/patient-reads.ts";
import type { PatientsService } from "./context.ts";
import { inLegacyTerms } from "./terms.ts";

export const patientService: PatientsService = {
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
        // Read while the audit row is being committed; nothing of it leaves before that.
        const [found] = await Promise.all([
          prefix === "" ? [] : typeAhead(ctx.store, asStored(prefix, prefix.length), rowsMax),
          ctx.authorise({ action: "patient.search", query: `prefix=${prefix}` }),
        ]);
        return found.map((patient) => {
          const { text, date } = inLegacyTerms(patientTable, patient);
          return {
            PatNo: patient.patient_no,
            MRN: text("MRN"),
            Name: `${text("LName")}, ${text("FName")} ${text("MI")}`.trim(),
            DOB: date("DOB"),
            Sex: text("Sex"),
          };
        });
      },
    },
  },
};
