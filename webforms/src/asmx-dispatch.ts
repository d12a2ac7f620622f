/** Chooses the face of an asmx by method, path tail and content type, as ASP.NET's handler factory did. */

import { type DescribedService, operationsPage, scriptProxy, wsdl } from "./asmx-description.ts";
import { answerJson, jsonError } from "./asmx-json.ts";
import type { AsmxService } from "./asmx-service.ts";
import { answerSoap, soapFault } from "./asmx-soap.ts";
import type { Answer, PageContext } from "./page.ts";
import { yellowPage } from "./yellow-page.ts";

export function isJsonCall(method: string, contentType: string): boolean {
  return method === "POST" && /^application\/json\b/i.test(contentType);
}

/** @param tail what follows `.asmx` in the path: "", "/js", "/Method". @param crashed is told of a crash, and may answer it; else it is answered in the face's own form. */
export async function answerAsmx<C extends PageContext>(
  service: AsmxService<C>,
  tail: string,
  ctx: C,
  crashed: (error: unknown) => Answer | void,
): Promise<Answer> {
  const contentType = ctx.header("content-type");
  const speaks = (protocol: "json" | "soap"): boolean => service.protocols?.includes(protocol) ?? true;
  if (ctx.method === "GET") return answerGet(service, tail, ctx);
  if (tail !== "") {
    if (!isJsonCall(ctx.method, contentType) || !speaks("json")) return formatRefused(contentType);
    try {
      return await answerJson(service, tail.slice(1), ctx);
    } catch (error) {
      return crashed(error) ?? jsonError("There was an error processing the request.", "", "");
    }
  }
  if (!/^text\/xml\b/i.test(contentType) || !speaks("soap")) {
    return { status: 415, contentType: "text/html", body: "" };
  }
  try {
    return await answerSoap(service, ctx);
  } catch (error) {
    return crashed(error) ?? soapFault("Server", "Server was unable to process request.");
  }
}

function answerGet(service: DescribedService, tail: string, ctx: PageContext): Answer {
  const query = ctx.rawUrl.includes("?") ? ctx.rawUrl.slice(ctx.rawUrl.indexOf("?") + 1).toLowerCase() : "";
  if (/^\/js(debug)?$/i.test(tail)) return scriptProxy(service, ctx.self.path);
  if (tail !== "") {
    return yellowPage(
      "Request format is unrecognized for URL unexpectedly ending in a method name.",
      "An unhandled exception occurred during the execution of the current web request.",
    );
  }
  if (query === "wsdl") return wsdl(service, `http://${ctx.header("host")}${ctx.self.path}`);
  return operationsPage(service, ctx.self.path);
}

/** A method called with another content type than JSON; `Request format is invalid` in plain text. */
function formatRefused(contentType: string): Answer {
  const named = contentType.replaceAll(/[^A-Za-z0-9/;=+._ -]/g, "").slice(0, 100);
  return {
    status: 500,
    contentType: "text/plain; charset=utf-8",
    body: `System.InvalidOperationException: Request format is invalid: ${named}.\r\n`,
  };
}
