/** What an asmx tells about itself: `?wsdl`, the `/js` client proxy, and the page a browser sees. */

import type { AsmxMethod, ResultKind, ScalarKind } from "./asmx-service.ts";
import { soapNamespace } from "./asmx-soap.ts";
import { html } from "./html.ts";
import type { Answer } from "./page.ts";

type DescribedMethod = Pick<AsmxMethod, "params" | "result">;
/** A service without what its methods do. */
export type DescribedService = { readonly name: string; readonly methods: Readonly<Record<string, DescribedMethod>> };

const xsdTypes: Readonly<Record<ScalarKind, string>> = {
  int: "s:int",
  string: "s:string",
  boolean: "s:boolean",
  datetime: "s:dateTime",
  money: "s:decimal",
};

/** WSDL 1.1, document/literal. @param location absolute URL of the service. */
export function wsdl(service: DescribedService, location: string): Answer {
  const methods = Object.entries(service.methods);
  const types = methods.map(([name, method]) => methodSchema(name, method)).join("");
  const records = [...recordTypes(service)].map(([, schema]) => schema).join("");
  const messages = methods
    .map(
      ([name]) =>
        `<wsdl:message name="${name}SoapIn"><wsdl:part name="parameters" element="tns:${name}" /></wsdl:message>` +
        `<wsdl:message name="${name}SoapOut"><wsdl:part name="parameters" element="tns:${name}Response" /></wsdl:message>`,
    )
    .join("");
  const operations = methods
    .map(
      ([name]) =>
        `<wsdl:operation name="${name}"><wsdl:input message="tns:${name}SoapIn" /><wsdl:output message="tns:${name}SoapOut" /></wsdl:operation>`,
    )
    .join("");
  const bindings = methods
    .map(
      ([name]) =>
        `<wsdl:operation name="${name}"><soap:operation soapAction="${soapNamespace}${name}" style="document" />` +
        `<wsdl:input><soap:body use="literal" /></wsdl:input><wsdl:output><soap:body use="literal" /></wsdl:output></wsdl:operation>`,
    )
    .join("");
  const body = `<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="${soapNamespace}" xmlns:s="http://www.w3.org/2001/XMLSchema" targetNamespace="${soapNamespace}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
<wsdl:types><s:schema elementFormDefault="qualified" targetNamespace="${soapNamespace}">${types}${records}</s:schema></wsdl:types>
${messages}
<wsdl:portType name="${service.name}Soap">${operations}</wsdl:portType>
<wsdl:binding name="${service.name}Soap" type="tns:${service.name}Soap"><soap:binding transport="http://schemas.xmlsoap.org/soap/http" />${bindings}</wsdl:binding>
<wsdl:service name="${service.name}"><wsdl:port name="${service.name}Soap" binding="tns:${service.name}Soap"><soap:address location="${location}" /></wsdl:port></wsdl:service>
</wsdl:definitions>
`;
  return { status: 200, contentType: "text/xml; charset=utf-8", body };
}

function methodSchema(name: string, method: DescribedMethod): string {
  const params = Object.entries(method.params).map(([param, kind]) => sequenceElement(param, xsdTypes[kind], kind));
  const result = sequenceElement(`${name}Result`, xsdOf(method.result), method.result);
  const wrap = (element: string, inner: string): string =>
    `<s:element name="${element}"><s:complexType><s:sequence>${inner}</s:sequence></s:complexType></s:element>`;
  return wrap(name, params.join("")) + wrap(`${name}Response`, result);
}

function sequenceElement(name: string, type: string, kind: ResultKind): string {
  const optional = kind === "string" || typeof kind === "object";
  return `<s:element minOccurs="${optional ? 0 : 1}" maxOccurs="1" name="${name}" type="${type}" />`;
}

function xsdOf(kind: ResultKind): string {
  if (typeof kind === "string") return xsdTypes[kind];
  if ("listOf" in kind) return `tns:ArrayOf${typeof kind.listOf === "string" ? kind.listOf : kind.listOf.name}`;
  return `tns:${kind.name}`;
}

function recordTypes(service: DescribedService): Map<string, string> {
  const found = new Map<string, string>();
  for (const { result } of Object.values(service.methods)) {
    if (typeof result === "string") continue;
    const record = "listOf" in result ? result.listOf : result;
    const itemName = typeof record === "string" ? record : record.name;
    if ("listOf" in result) {
      const item = `<s:element minOccurs="0" maxOccurs="unbounded" name="${itemName}" type="${xsdOf(record)}" />`;
      found.set(`ArrayOf${itemName}`, complexType(`ArrayOf${itemName}`, item));
    }
    if (typeof record !== "string") {
      const fields = Object.entries(record.fields).map(([name, kind]) => sequenceElement(name, xsdTypes[kind], kind));
      found.set(record.name, complexType(record.name, fields.join("")));
    }
  }
  return found;
}

const complexType = (name: string, inner: string): string =>
  `<s:complexType name="${name}"><s:sequence>${inner}</s:sequence></s:complexType>`;

/** The client proxy of ASP.NET AJAX 1.0 (`/js`), cut to what the pages call. */
export function scriptProxy(service: DescribedService, path: string): Answer {
  const methods = Object.entries(service.methods).map(([name, method]) => {
    const params = Object.keys(method.params);
    const pairs = params.map((param) => `${param}:${param}`).join(",");
    return `${name}:function(${[...params, "succeededCallback", "failedCallback", "userContext"].join(",")}) {
return this._invoke(this._get_path(), '${name}',false,{${pairs}},succeededCallback,failedCallback,userContext); }`;
  });
  const type = `EHR.Services.${service.name}`;
  const body = `Type.registerNamespace('EHR.Services');
${type}=function() {
${type}.initializeBase(this);
this._timeout = 0;
this._userContext = null;
this._succeeded = null;
this._failed = null;
}
${type}.prototype={
_get_path:function() { return "${path}"; },
${methods.join(",\n")}}
${type}.registerClass('${type}',Sys.Net.WebServiceProxy);
`;
  return { status: 200, contentType: "application/x-javascript; charset=utf-8", body };
}

/** The list of operations a browser gets. */
export function operationsPage(service: DescribedService, path: string): Answer {
  const items = Object.keys(service.methods).map((name) => html`<li><a href="${path}?op=${name}">${name}</a></li>`);
  const body = html`<html><head><title>${service.name} Web Service</title></head>
<body style="font-family:Verdana;font-size:.7em"><h1>${service.name}</h1>
<p>The following operations are supported. For a formal definition, please review the <a href="${path}?WSDL">Service Description</a>.</p>
<ul>${items}</ul></body></html>
`;
  return { status: 200, contentType: "text/html; charset=utf-8", body: body.text };
}
