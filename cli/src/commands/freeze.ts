/** `banyan freeze`: spans of time in which no module moves forward. Rollback and kill are never frozen. */

import type { Command } from "commander";
import { z } from "zod";
import { type FreezeWindowView, freezeWindowsSchema } from "../control-answers.ts";
import { clean, doubtful, faint, good, renderTable } from "../output/table.ts";
import { minuteOf, spanOf } from "../output/time.ts";
import type { Session } from "../session.ts";
import { type ChangeOptions, countOption, instantOption, withReason } from "../written-change.ts";

type AddOptions = ChangeOptions & { readonly module?: string; readonly from?: string; readonly until: string };

export function addFreeze(program: Command, session: Session): void {
  const freeze = program.command("freeze").description("list, add or remove windows in which nothing moves forward");
  freeze
    .command("list", { isDefault: true })
    .description("windows that have not ended")
    .action(async () => {
      const data = await session
        .control()
        .call({ op: "banyan freeze list", path: "/freeze-windows" }, freezeWindowsSchema);
      session.answer({ data, text: freezeTable(data.freezeWindows, new Date()) });
    });
  withReason(freeze.command("add"))
    .description("add a window for all modules, or for one")
    .requiredOption("--until <time>", "end: 2026-12-24T18:00, or with an offset or Z", instantOption)
    .option("--from <time>", "start (default: now)", instantOption)
    .option("--module <module>", "one module only")
    .action(async ({ reason, module, from, until, ifRevision }: AddOptions) => {
      const control = session.control();
      const op = "banyan freeze add";
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const body = { module: module ?? null, endsAt: until, reason, ...(from === undefined ? {} : { startsAt: from }) };
      const call = { op, method: "POST", path: "/freeze-windows", body, ifMatch } as const;
      const data = await control.call(call, z.looseObject({ id: z.number() }));
      const what = module ?? "all modules";
      session.answer({ data, text: `freeze window ${data.id}: ${what} until ${minuteOf(until)}` });
    });
  withReason(freeze.command("remove"))
    .argument("<id>", "number of the window", countOption)
    .description("remove a window before its end")
    .action(async (id: number, { reason, ifRevision }: ChangeOptions) => {
      const control = session.control();
      const op = "banyan freeze remove";
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const call = { op, method: "DELETE", path: `/freeze-windows/${id}`, body: { reason }, ifMatch } as const;
      const data = await control.call(call, z.looseObject({}));
      session.answer({ data, text: `freeze window ${id} is removed` });
    });
}

export function freezeTable(windows: readonly FreezeWindowView[], now: Date): string {
  if (windows.length === 0) return faint("no freeze window");
  return renderTable(
    [{ title: "no", align: "right" }, "module", "state", "from", "until", "by", "reason"],
    windows.map((one) => [
      String(one.id),
      one.module ?? "all",
      Date.parse(one.startsAt) <= now.getTime()
        ? doubtful("in force")
        : good(`in ${spanOf(Date.parse(one.startsAt) - now.getTime())}`),
      minuteOf(one.startsAt),
      minuteOf(one.endsAt),
      clean(one.createdBy),
      clean(one.reason),
    ]),
  );
}
