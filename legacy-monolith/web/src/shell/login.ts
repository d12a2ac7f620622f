/**
 * Log-in against USRMST: unsalted MD5, a counter of failures, a lock at five. Every try is audited. The answer never tells
 * whether it was the name or the password.
 */

import { createHash } from "node:crypto";
import {
  type Answer,
  audit,
  button,
  html,
  p,
  type PageContext,
  type Role,
  redirect,
  sameSecret,
  textBox,
} from "../kit/index.ts";
import { failedLoginsMax } from "../limits.ts";

export async function loginForm(ctx: PageContext): Promise<Answer> {
  return loginPage(ctx, "");
}

type UserRow = {
  UsrID: string;
  UsrNm: string;
  PwdHash: string;
  RoleCd: string;
  ProvYN: string;
  LocCd: string;
  LockYN: string;
};

export async function logIn(ctx: PageContext): Promise<Answer> {
  const name = ctx.field("txtUser").trim();
  const user = await ctx.db.first<UserRow>(
    "SELECT UsrID, UsrNm, PwdHash, RoleCd, ProvYN, LocCd, LockYN FROM USRMST WHERE UsrID = @usr AND ActvYN = 'Y'",
    // One character more than the column has, so that a longer name does not match its beginning.
    { usr: p.varchar(9, name) },
  );
  if (user?.LockYN === "Y") {
    await audit(ctx.db, ctx, { act: "LOGF", obj: "USRMST", key: user.UsrID, usrId: user.UsrID, comment: "LOCKED" });
    return loginPage(ctx, "Account is locked. Contact the help desk.");
  }
  const hash = createHash("md5").update(ctx.field("txtPwd"), "utf8").digest("hex");
  if (!user || !sameSecret(hash, user.PwdHash.toLowerCase())) {
    await countFailure(ctx, user?.UsrID ?? "", name);
    return loginPage(ctx, "Invalid user name or password.");
  }
  await ctx.db.execute("UPDATE USRMST SET FailCnt = 0, LastLgn = @now WHERE UsrID = @usr", {
    now: p.datetime(ctx.now()),
    usr: p.char(8, user.UsrID),
  });
  ctx.signIn({
    usrId: user.UsrID,
    name: user.UsrNm,
    role: user.RoleCd as Role,
    locCd: user.LocCd,
    provider: user.ProvYN === "Y",
  });
  await audit(ctx.db, ctx, { act: "LOGN", obj: "USRMST", key: user.UsrID });
  return redirect(localUrl(ctx.query("ReturnUrl")) ?? "/Default.aspx");
}

async function countFailure(ctx: PageContext, usrId: string, typed: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    if (usrId !== "") {
      await tx.execute(
        `UPDATE USRMST SET FailCnt = FailCnt + 1, LockYN = CASE WHEN FailCnt + 1 >= @max THEN 'Y' ELSE LockYN END
         WHERE UsrID = @usr AND FailCnt < 255`,
        { usr: p.char(8, usrId), max: p.int(failedLoginsMax) },
      );
    }
    await audit(tx, ctx, { act: "LOGF", obj: "USRMST", key: usrId, usrId: usrId === "" ? typed : usrId });
  });
}

export async function logOut(ctx: PageContext): Promise<Answer> {
  if (ctx.userIfAny) await audit(ctx.db, ctx, { act: "LOGO", obj: "USRMST", key: ctx.userIfAny.usrId });
  ctx.signOut();
  return redirect("/Login.aspx");
}

/** A return address only if it stays on this server. */
function localUrl(url: string): string | undefined {
  return /^\/(?![/\\])/.test(url) ? url : undefined;
}

function loginPage(ctx: PageContext, error: string): Promise<Answer> {
  const fields = html`<table class="login" cellspacing="0">
<tr class="top"><td colspan="2" class="appname" style="background:#1c3f7c;color:#fff">EHR Clinical System</td></tr>
<tr><td align="right">User name:</td><td>${textBox("txtUser", ctx.field("txtUser"), { maxLength: 8 })}</td></tr>
<tr><td align="right">Password:</td><td>${textBox("txtPwd", "", { password: true })}</td></tr>
<tr><td>&nbsp;</td><td>${button("btnLogin", "Log In")}</td></tr>
<tr><td colspan="2" style="color:#777">Authorized users only. All access is recorded.</td></tr>
</table>`;
  return ctx.page({ title: "Log In", bare: true, error, body: ctx.form(fields) });
}
