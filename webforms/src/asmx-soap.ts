/** The SOAP 1.1 face of an asmx: the operation by SOAPAction or first body element, faults with status 500. */

import { escapeXml } from "./answers.ts";
import { argumentsOf } from "./asmx-json.ts";
import { type AsmxService, type ResultKind, type ScalarKind, WebMethodError } from "./asmx-service.ts";
import type { Answer, PageContext } from "./page.ts";
import { child, parseXml, type XmlElement } from "./xml-tree.ts";

export const soapNamespace = "http://tempuri.org/";
const envelopeNamespace = "http://schemas.xmlsoap.org/soap/envelope/";
const xmlType = "text/xml; charset=utf-8";

/** Answers `POST …/Service.asmx` with `text/xml`. A crash is thrown on to the caller. */
export async function answerSoap<C extends PageContext>(service: AsmxService<C>, ctx: C): Promise<Answer> {
  const envelope = parseXml(ctx.rawBody.toString("utf8"));
  const operation = child(envelope, "Body")?.children[0];
  if (envelope?.name !== "Envelope" || !operation) {
    return soapFault("Client", "Server was unable to read request. ---> There is an error in XML document.");
  }
  const action = ctx.header("soapaction").replaceAll('"', "").trim();
  const name = action === "" ? operation.name : action.slice(action.lastIndexOf("/") + 1);
  const method = Object.hasOwn(service.methods, name) ? service.methods[name] : undefined;
  if (!method) return soapFault("Client", "Server did not recognize the value of HTTP Header SOAPAction.");
  try {
    const values = new Map(Object.keys(method.params).flatMap((param) => elementValue(operation, param)));
    const result = await method.run(ctx, {
      protocol: "soap",
      args: argumentsOf(method, values),
      soapHeaders: headerValues(child(envelope, "Header")),
    });
    return soapBody(
      `<${name}Response xmlns="${soapNamespace}">${element(`${name}Result`, result, method.result)}</${name}Response>`,
    );
  } catch (error) {
    if (error instanceof WebMethodError) {
      return soapFault("Server", `Server was unable to process request. ---> ${error.message}`);
    }
    throw error;
  }
}

export function soapFault(code: "Client" | "Server", message: string): Answer {
  const fault = `<soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${escapeXml(message)}</faultstring><detail /></soap:Fault>`;
  return { ...soapBody(fault), status: 500 };
}

function soapBody(inner: string): Answer {
  const body = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${envelopeNamespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>${inner}</soap:Body></soap:Envelope>`;
  return { status: 200, contentType: xmlType, headers: { "Cache-Control": "private, max-age=0" }, body };
}

function elementValue(operation: XmlElement, param: string): [string, string][] {
  const found = child(operation, param);
  return found === undefined || found.attributes["nil"] === "true" ? [] : [[param, found.text]];
}

/** Header elements and their children by local name: `<Auth><Key>…</Key></Auth>` gives `Key` and `Auth`. */
function headerValues(header: XmlElement | undefined): Record<string, string> {
  const values: Record<string, string> = {};
  for (const outer of header?.children ?? []) {
    values[outer.name] = outer.text.trim();
    for (const inner of outer.children) values[inner.name] = inner.text.trim();
  }
  return values;
}

function element(name: string, value: unknown, kind: ResultKind): string {
  if (value === null || value === undefined) return "";
  if (typeof kind === "object" && "listOf" in kind) {
    const item = kind.listOf;
    const itemName = typeof item === "string" ? item : item.name;
    const items = (value as readonly unknown[]).map((one) => element(itemName, one, item));
    return `<${name}>${items.join("")}</${name}>`;
  }
  if (typeof kind === "object") {
    const record = value as Readonly<Record<string, unknown>>;
    const fields = Object.entries(kind.fields).map(([field, scalar]) => element(field, record[field], scalar));
    return `<${name}>${fields.join("")}</${name}>`;
  }
  return `<${name}>${escapeXml(scalarText(value, kind))}</${name}>`;
}

/** `dateTime` without offset: the .NET value was of unspecified kind. */
function scalarText(value: unknown, kind: ScalarKind): string {
  if (kind === "datetime") return (value as Date).toISOString().replace(/(\.000)?Z$/, "");
  if (kind === "boolean") return value ? "true" : "false";
  return String(value);
}
