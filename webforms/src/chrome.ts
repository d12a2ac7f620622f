/**
 * The master page: blue header bar, a tab a module, the banner of the current patient, the `msg=` line and the red error
 * label. The portal has its own, plainer one. All layout is tables, as it was.
 */

import { type Html, html, raw } from "./html.ts";
import { messageText } from "./messages.ts";
import type { Answer, ModuleName, PageContent, PageContext, PatientBanner } from "./page.ts";
import { stylePath } from "./style.ts";
import { ageYears, usDate, usDateTime } from "./wall-time.ts";

const tabs: readonly { module: ModuleName; text: string; url: string }[] = [
  { module: "shell", text: "Home", url: "/Default.aspx" },
  { module: "patient", text: "Patients", url: "/Patient/PatSearch.aspx" },
  { module: "sched", text: "Schedule", url: "/Sched/DayView.aspx" },
  { module: "clin", text: "Clinical", url: "/Clin/ProblemList.aspx" },
  { module: "lab", text: "Lab", url: "/Lab/LabResults.aspx" },
  { module: "rx", text: "Rx", url: "/Rx/RxList.aspx" },
  { module: "bill", text: "Billing", url: "/Billing/Account.aspx" },
  { module: "report", text: "Reports", url: "/Reports/DailyProd.aspx" },
];

const portalTabs = [
  { text: "Home", url: "/Portal/Home.aspx" },
  { text: "My Appointments", url: "/Portal/MyAppts.aspx" },
  { text: "My Results", url: "/Portal/MyResults.aspx" },
  { text: "Messages", url: "/Portal/Messages.aspx" },
];

const postBackScript = `<script type="text/javascript">
//<![CDATA[
function __doPostBack(eventTarget, eventArgument) {
    var theForm = document.forms['aspnetForm'];
    if (!theForm.onsubmit || (theForm.onsubmit() != false)) {
        theForm.__EVENTTARGET.value = eventTarget;
        theForm.__EVENTARGUMENT.value = eventArgument;
        theForm.submit();
    }
}
//]]>
</script>`;

/** Finds what the banner shows of a patient; undefined shows no banner. */
export type FindBanner = (patNo: number) => Promise<PatientBanner | undefined>;

/** Renders a page, status 200. Asks for the session's current patient for the banner, and the portal's patient never. */
export async function renderPage(ctx: PageContext, content: PageContent, find: FindBanner): Promise<Answer> {
  const portal = ctx.self.module === "portal";
  const banner = content.bare || portal || !ctx.userIfAny ? html`` : await patientBanner(ctx, find);
  const head = content.bare ? html`` : portal ? portalHead(ctx) : staffHead(ctx);
  const message = messageText(ctx.query("msg"));
  const body = html`${raw('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">')}
<html xmlns="http://www.w3.org/1999/xhtml">
<head><title>${content.title} - ${portal ? "MyHealth Patient Portal" : "EHR Clinical System"}</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<link href="${stylePath}" type="text/css" rel="stylesheet" />
</head>
<body>
${head}${banner}
<div class="content">
${content.bare ? "" : html`<h1>${content.title}</h1>`}
${message ? html`<div class="msg" id="ctl00_lblMsg">${message}</div>` : ""}
<span id="ctl00_cph_lblErr" class="err" style="color:Red;">${content.error ?? ""}</span>
${content.body}
</div>
${raw(postBackScript)}
<div class="foot">${portal ? "MyHealth Patient Portal" : "EHR Clinical System v6.2.1 (Build 2008.09)"}</div>
</body>
</html>
`;
  return { status: 200, contentType: "text/html; charset=utf-8", body: body.text };
}

function staffHead(ctx: PageContext): Html {
  const user = ctx.userIfAny;
  const who = user
    ? html`${user.name} (${user.role}) | ${user.locCd} | ${usDateTime(ctx.now())} | <a href="/Logout.aspx">Log out</a>`
    : html`Not logged in`;
  const cells = tabs.map(
    (tab) =>
      html`<td class="${tab.module === ctx.self.module ? "tab on" : "tab"}"><a href="${tab.url}">${tab.text}</a></td>`,
  );
  return html`<table class="top" cellspacing="0"><tr><td class="appname">EHR Clinical System</td><td align="right">${who}</td></tr></table>
<table class="tabs" cellspacing="0"><tr>${cells}<td width="100%">&nbsp;</td></tr></table>
`;
}

function portalHead(ctx: PageContext): Html {
  const signedIn = ctx.portalIfAny;
  const cells = signedIn
    ? portalTabs.map((tab) => html`<td class="tab"><a href="${tab.url}">${tab.text}</a></td>`)
    : [];
  return html`<table class="top" cellspacing="0"><tr><td class="appname">MyHealth Patient Portal</td><td align="right">${signedIn ? signedIn.loginName : ""}</td></tr></table>
<table class="tabs" cellspacing="0"><tr>${cells}<td width="100%">&nbsp;</td></tr></table>
`;
}

async function patientBanner(ctx: PageContext, find: FindBanner): Promise<Html> {
  const patNo = ctx.session.CurPatNo;
  const patient = patNo === undefined ? undefined : await find(patNo);
  if (!patient) return html``;
  const { allergies } = patient;
  const shown = allergies.length > 0 ? allergies.join(", ") : "None recorded";
  return html`<table class="banner" cellspacing="0" id="ctl00_tblPat"><tr>
<td><span class="nm">${fullName(patient)}</span></td><td>DOB: ${usDate(patient.DOB)} (${ageYears(patient.DOB, ctx.now())} y)</td><td>Sex: ${patient.Sex}</td>
<td>MRN: ${patient.MRN}</td><td>Allergies: <span class="alg">${shown}</span></td><td align="right"><a href="/Patient/Chart.aspx?pid=${patNo}">Chart</a></td>
</tr></table>
`;
}

/** `LAST, FIRST M`, as copied into appointments, visits and claims. */
function fullName(patient: { LName: string; FName: string; MI: string }): string {
  return `${patient.LName}, ${patient.FName}${patient.MI.trim() ? ` ${patient.MI}` : ""}`;
}
