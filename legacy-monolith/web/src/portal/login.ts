/** The portal's own log-in. It knows nothing of staff tickets; its cookie is sent below /Portal only. */

import { type Answer, button, html, p, type Page, type PageContext, redirect, textBox } from "../kit/index.ts";
import { isPortalPassword } from "./portal-password.ts";

export const portalLoginPage: Page = {
  path: "/Portal/Login.aspx",
  module: "portal",
  kind: "html",
  access: "anonymous",
  get: (ctx) => show(ctx),
  post: (ctx) => logIn(ctx),
};

function show(ctx: PageContext, error?: string): Promise<Answer> {
  const fields = html`<table class="login" cellspacing="0">
<tr><td align="right">Login name:</td><td>${textBox("txtUser", ctx.field("txtUser"), { maxLength: 50 })}</td></tr>
<tr><td align="right">Password:</td><td>${textBox("txtPwd", "", { password: true })}</td></tr>
<tr><td>&nbsp;</td><td>${button("btnLogin", "Log In")}</td></tr>
</table>`;
  const shown = { title: "Patient Portal Log In", body: ctx.form(fields) };
  return ctx.page(error === undefined ? shown : { ...shown, error });
}

type UserRow = {
  readonly PortalUserId: number;
  readonly PatNo: number;
  readonly LoginName: string;
  readonly PwdHash: Buffer;
  readonly Salt: string;
  readonly ProxyForPatNo: number | null;
};

async function logIn(ctx: PageContext): Promise<Answer> {
  const name = ctx.field("txtUser").trim();
  const user =
    name === "" || name.length > 50
      ? undefined
      : await ctx.db.first<UserRow>(
          `SELECT PortalUserId, PatNo, LoginName, PwdHash, Salt, ProxyForPatNo FROM PORTAL_USER
           WHERE LoginName = @login AND IsActive = 1`,
          { login: p.nvarchar(50, name) },
        );
  if (!user || !isPortalPassword(ctx.field("txtPwd"), { stored: user.PwdHash, salt: user.Salt })) {
    return show(ctx, "The login name or password is not correct.");
  }
  await ctx.db.execute("UPDATE PORTAL_USER SET LastLogin = @now WHERE PortalUserId = @id", {
    now: p.datetime(ctx.now()),
    id: p.int(user.PortalUserId),
  });
  ctx.signInPortal({
    portalUserId: user.PortalUserId,
    loginName: user.LoginName,
    patNo: user.PatNo,
    proxyForPatNo: user.ProxyForPatNo,
  });
  const back = ctx.query("ReturnUrl");
  return redirect(/^\/portal\/[a-z]+\.aspx/i.test(back) ? back : "/Portal/Home.aspx");
}
