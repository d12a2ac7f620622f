import { resolve } from "node:path";
import { conformance } from "@banyan/service-kit/conformance";
import type { TestService } from "@banyan/service-kit/test-service";
import { patientsService } from "./index.ts";
import { filledBoxes, postedForm, seedClinic, testClinic, testMachineKey } from "./test-clinic.ts";

const editable = testClinic.tables.PATMST.filter(
  (row) => row.RstrYN !== "Y" && row.DelYN !== "Y" && row.MrgToPat === null,
);

/** The version stamp of a patient's edit form, as a browser would carry it. */
async function stampOf(service: TestService, pid: number): Promise<string> {
  const form = await (await service.send(`/Patient/PatEdit.aspx?pid=${pid}`, {})).text();
  return /name="ctl00\$cph\$hdnTS"[^>]*value="([0-9A-F]{16})"/.exec(form)?.[1] ?? "";
}

conformance({
  define: () => patientsService({ machineKey: testMachineKey }),
  seed: seedClinic,
  read: { path: `/Patient/PatDetail.aspx?pid=${editable[0]?.PatNo}`, who: { sub: "AREYES", role: "PHYS" } },
  deniedRead: { path: `/Patient/PatEdit.aspx?pid=${editable[0]?.PatNo}`, who: { sub: "LABTECH1", role: "LABT" } },
  async write(number, service) {
    const pid = editable[number]?.PatNo ?? 0;
    const hdnTS = await stampOf(service, pid);
    const form = postedForm("/Patient/PatEdit.aspx", filledBoxes({ hdnTS, txtNoteTx: `write ${number}` }));
    return { path: `/Patient/PatEdit.aspx?pid=${pid}`, who: { sub: "FDESK1", role: "FDSK" }, ...form };
  },
  deniedWriter: { sub: "LABTECH1", role: "LABT" },
  secrets: editable.slice(0, 5).flatMap(({ LName, MRN }) => [LName, MRN]),
  policyFile: resolve(import.meta.dirname, "policy-table.md"),
});
