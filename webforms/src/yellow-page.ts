/** ASP.NET's yellow error pages and IIS 7's own, as a remote client saw them: no stack, no data. */

import { html } from "./html.ts";
import type { Answer } from "./page.ts";

/** "Server Error in '/' Application." with a title, status 500 unless told otherwise. `detail` must be fixed text. */
export function yellowPage(title: string, detail: string, status = 500): Answer {
  const body = html`<html>
    <head>
        <title>${title}</title>
        <style>
         body {font-family:"Verdana";font-weight:normal;font-size: .7em;color:black;}
         p {font-family:"Verdana";font-weight:normal;color:black;margin-top: -5px}
         b {font-family:"Verdana";font-weight:bold;color:black;margin-top: -5px}
         H1 { font-family:"Verdana";font-weight:normal;font-size:18pt;color:red }
         H2 { font-family:"Verdana";font-weight:normal;font-size:14pt;color:maroon }
         pre {font-family:"Lucida Console";font-size: .9em}
         table {background-color:#ffffcc}
        </style>
    </head>
    <body bgcolor="white">
            <span><H1>Server Error in '/' Application.<hr width=100% size=1 color=silver></H1>
            <h2> <i>${title}</i> </h2></span>
            <b> Description: </b>${detail}<br><br>
            <table width=100% bgcolor="#ffffcc"><tr><td><pre>
&lt;!-- Web.Config Configuration File --&gt;

&lt;configuration&gt;
    &lt;system.web&gt;
        &lt;customErrors mode="RemoteOnly"/&gt;
    &lt;/system.web&gt;
&lt;/configuration&gt;</pre></td></tr></table><br>
            <hr width=100% size=1 color=silver>
            <b>Version Information:</b>&nbsp;Microsoft .NET Framework Version:2.0.50727.1433; ASP.NET Version:2.0.50727.1433
    </body>
</html>
`;
  return { status, contentType: "text/html; charset=utf-8", body: body.text };
}

export const crashPage = (): Answer =>
  yellowPage(
    "Runtime Error",
    "An application error occurred on the server. The current custom error settings for this application prevent the details of the application error from being viewed remotely (for security reasons).",
  );

export const viewStatePage = (): Answer =>
  yellowPage(
    "Validation of viewstate MAC failed.",
    "Validation of viewstate MAC failed. If this application is hosted by a Web Farm or cluster, ensure that <machineKey> configuration specifies the same validationKey and validation algorithm.",
  );

export const eventValidationPage = (): Answer =>
  yellowPage(
    "Invalid postback or callback argument.",
    "Event validation is enabled. For security purposes, this feature verifies that arguments to postback or callback events originate from the server control that originally rendered them.",
  );

export const tooLongPage = (): Answer =>
  yellowPage(
    "Maximum request length exceeded.",
    "An unhandled exception occurred during the execution of the current web request.",
  );

export const notFoundPage = (): Answer =>
  yellowPage(
    "The resource cannot be found.",
    "HTTP 404. The resource you are looking for (or one of its dependencies) could have been removed, had its name changed, or is temporarily unavailable. Please review the following URL and make sure that it is spelled correctly.",
    404,
  );

/** IIS 7's own error page, for what never reached ASP.NET. */
export function iisPage(status: number, title: string, detail: string): Answer {
  const body = html`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head><title>${status} - ${title}</title></head>
<body><div id="header"><h1>Server Error</h1></div>
<div id="content"><fieldset><h2>${status} - ${title}</h2><h3>${detail}</h3></fieldset></div>
</body></html>
`;
  return { status, contentType: "text/html", body: body.text };
}
