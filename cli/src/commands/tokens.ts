/** `banyan tokens`: who is let in by a token of their own, and as what. A token's text is shown once, when it is made. */

import { Argument, type Command } from "commander";
import { z } from "zod";
import { bad, clean, faint, good, renderTable, strong } from "../output/table.ts";
import { minuteOf } from "../output/time.ts";
import type { Session } from "../session.ts";
import { type ChangeOptions, instantOption, withReason } from "../written-change.ts";

const instant = z.iso.datetime();
const roles = ["viewer", "operator", "admin"] as const;

const tokensSchema = z.looseObject({
  tokens: z.array(
    z.looseObject({
      name: z.string(),
      role: z.string(),
      createdBy: z.string(),
      createdAt: instant,
      expiresAt: instant.nullable(),
      revokedAt: instant.nullable(),
    }),
  ),
});

type AddOptions = { readonly expires?: string; readonly ifRevision?: number };

export function addTokens(program: Command, session: Session): void {
  const tokens = program.command("tokens").description("list, add or revoke tokens for people and scripts");
  tokens
    .command("list", { isDefault: true })
    .description("every token there is or was; none of their texts")
    .action(async () => {
      const data = await session.control().call({ op: "banyan tokens", path: "/tokens" }, tokensSchema);
      session.answer({ data, text: tokensTable(data, new Date()) });
    });
  tokens
    .command("add")
    .argument("<name>", "who holds it; stands in the audit trail")
    .addArgument(new Argument("<role>", "what its holder may do").choices(roles))
    .description("make a token; its text is printed once")
    .option("--expires <time>", "end: 2026-12-24T18:00, or with an offset or Z (default: never)", instantOption)
    .action(async (name: string, role: string, { expires }: AddOptions) => {
      const control = session.control();
      const op = "banyan tokens add";
      const ifMatch = await control.newestRevision(op);
      const body = { name, role, ...(expires === undefined ? {} : { expiresAt: expires }) };
      const shape = z.looseObject({ token: z.string() });
      const data = await control.call({ op, method: "POST", path: "/tokens", body, ifMatch }, shape);
      const until = expires === undefined ? "until it is revoked" : `until ${minuteOf(expires)}`;
      const about = faint(`${role} ${until}; this text is shown once: --token, or BANYAN_TOKEN`);
      session.answer({ data, text: `${strong(name)}  ${data.token}\n  ${about}` });
    });
  withReason(tokens.command("revoke"))
    .argument("<name>")
    .description("let nobody in by this token any more")
    .action(async (name: string, { reason, ifRevision }: ChangeOptions) => {
      const control = session.control();
      const op = "banyan tokens revoke";
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const path = `/tokens/${encodeURIComponent(name)}`;
      const data = await control.call({ op, method: "DELETE", path, body: { reason }, ifMatch }, z.looseObject({}));
      session.answer({ data, text: `${strong(name)} is revoked` });
    });
}

function tokensTable({ tokens }: z.infer<typeof tokensSchema>, now: Date): string {
  if (tokens.length === 0) return faint("no token but the admin's own");
  return renderTable(
    ["name", "role", "state", "expires", "made by", "made"],
    tokens.map((one) => [
      clean(one.name),
      one.role,
      one.revokedAt !== null
        ? bad("revoked")
        : one.expiresAt !== null && Date.parse(one.expiresAt) <= now.getTime()
          ? bad("expired")
          : good("good"),
      one.expiresAt === null ? "never" : minuteOf(one.expiresAt),
      clean(one.createdBy),
      minuteOf(one.createdAt),
    ]),
  );
}
