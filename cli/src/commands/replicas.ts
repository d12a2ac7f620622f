/** `banyan replicas` and `banyan evict`: the proxies that control knows, and taking one out by name. */

import type { Command } from "commander";
import { z } from "zod";
import { replicasOf } from "../control-answers.ts";
import { replicasTable } from "../output/replicas-table.ts";
import { strong } from "../output/table.ts";
import type { Session } from "../session.ts";
import { type ChangeOptions, withReason } from "../written-change.ts";

export function addReplicas(program: Command, session: Session): void {
  program
    .command("replicas")
    .description("show the proxy replicas: lease, revision, writes under way")
    .action(async () => {
      const replicas = await replicasOf(session.control());
      session.answer({ data: { replicas }, text: replicasTable(replicas, new Date()) });
    });
  withReason(program.command("evict"))
    .argument("<replica>")
    .description("take a replica out by name, so that it holds no move up")
    .action(async (id: string, { reason, ifRevision }: ChangeOptions) => {
      const control = session.control();
      const op = `banyan evict ${id}`;
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const path = `/replicas/${encodeURIComponent(id)}/evict`;
      const data = await control.call({ op, method: "POST", path, body: { reason }, ifMatch }, z.looseObject({}));
      const text = `${strong(id)} is evicted; it is back once it acknowledges the newest revision`;
      session.answer({ data, text });
    });
}
