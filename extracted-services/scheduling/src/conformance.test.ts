import { join } from "node:path";
import { conformance } from "@banyan/service-kit/conformance";
import { schedulingService } from "./scheduling-service.ts";
import { call, desk, lab, machineKey, seedClinic } from "./test-schedule.ts";

const service = "/Services/ScheduleService.asmx";

conformance({
  define: () => schedulingService({ machineKey }),
  seed: seedClinic,
  read: { path: "/Sched/DayView.aspx?dt=11/23/2026", who: desk },
  deniedRead: { path: "/Sched/ApptEdit.aspx?aid=1", who: lab },
  write: (number) => ({
    path: `${service}/BookAppointment`,
    who: desk,
    ...call({
      pid: 100001,
      prov: "AREYES",
      loc: "MAIN",
      dt: "12/13/2026",
      tm: `${String(number + 6).padStart(2, "0")}00`,
      dur: 15,
      type: "FOLL",
      reason: "Canary Ear Pain",
      overbook: false,
    }),
  }),
  deniedWriter: lab,
  secrets: ["Canary Ear Pain", "100001"],
  policyFile: join(import.meta.dirname, "policy.md"),
});
