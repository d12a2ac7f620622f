/** The shell's refusals in the forms of the old system: a page of IIS, ASP.NET's page for a body too long, or a JSON error. */

import { type Answer, iisPage, jsonError, tooLongPage, crashPage } from "@banyan/webforms";
import { type Refusal, refusalHeader } from "../refusal.ts";

/** @param json whether the caller reads JSON: a web method called as a script. */
export function refusalAnswer(refusal: Refusal, json: boolean): Answer {
  const headers: Record<string, string> = { [refusalHeader]: refusal.code };
  if (refusal.retryAfterSeconds !== undefined) headers["Retry-After"] = String(refusal.retryAfterSeconds);
  const answer = answerOf(refusal, json);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function answerOf({ code, status, text }: Refusal, json: boolean): Answer {
  if (code === "body-too-large") return tooLongPage();
  if (json) return jsonError(text, "System.InvalidOperationException", null, status);
  if (code === "failed") return crashPage();
  return iisPage(status, status === 503 ? "Service Unavailable" : "Request refused", text);
}
