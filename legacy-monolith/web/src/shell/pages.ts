/** Log-in, dashboard and what else belongs to no module (rows 1-5 of the inventory), and the session end point. */

import type { Page } from "../kit/index.ts";
import { dashboard } from "./dashboard.ts";
import { keepAlive } from "./keep-alive.ts";
import { loginForm, logIn, logOut } from "./login.ts";
import { noAccess } from "./no-access.ts";
import { sessionInterface } from "./session-interface.ts";

export const shellPages: readonly Page[] = [
  { path: "/Login.aspx", module: "shell", kind: "html", access: "anonymous", get: loginForm, post: logIn },
  { path: "/Logout.aspx", module: "shell", kind: "html", access: "anonymous", get: logOut },
  { path: "/Default.aspx", module: "shell", kind: "html", access: "staff", get: dashboard },
  { path: "/Handlers/KeepAlive.ashx", module: "shell", kind: "ashx", access: "staff", get: keepAlive },
  { path: "/NoAccess.aspx", module: "shell", kind: "html", access: "staff", get: noAccess },
  { path: "/Interfaces/Session.ashx", module: "interface", kind: "ashx", access: "anonymous", post: sessionInterface },
];
