/**
 * Error answers of the proxy itself, in the form the caller reads: HTML for browsers, the asmx error shape for JSON, a SOAP
 * fault for SOAP. None holds anything of the request: legacy URLs carry names and numbers of patients.
 */

import type { IncomingHttpHeaders } from "node:http";
import { type Failure, meaningOf } from "./failure.ts";

export type ErrorAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export function errorAnswer(failure: Failure, headers: IncomingHttpHeaders, requestId: string): ErrorAnswer {
  const { status, text, retryAfterSeconds } = meaningOf[failure];
  const [contentType, body] = rendering(headers, failure, text, requestId);
  return {
    status,
    headers: {
      "content-type": contentType,
      "content-length": String(Buffer.byteLength(body)),
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    },
    body,
  };
}

function rendering(
  headers: IncomingHttpHeaders,
  failure: Failure,
  text: string,
  requestId: string,
): readonly [contentType: string, body: string] {
  const sent = headers["content-type"] ?? "";
  const wanted = headers.accept ?? "";
  if (headers["soapaction"] !== undefined || /\b(text\/xml|application\/soap\+xml)\b/i.test(sent)) {
    return ["text/xml; charset=utf-8", soapFault(text, requestId)];
  }
  if (/json/i.test(sent) || (/json/i.test(wanted) && !/html/i.test(wanted))) {
    return [
      "application/json; charset=utf-8",
      JSON.stringify({ Message: `${text} [${requestId}]`, StackTrace: null, ExceptionType: `Banyan.${failure}` }),
    ];
  }
  return ["text/html; charset=utf-8", page(text, requestId)];
}

function soapFault(text: string, requestId: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>${text} [${requestId}]</faultstring></soap:Fault></soap:Body></soap:Envelope>`;
}

function page(text: string, requestId: string): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Not available</title><style>body{font:14px Verdana,Tahoma,sans-serif;margin:4em;color:#222}small{color:#666}</style></head><body><h1>Sorry</h1><p>${text}</p><p><small>Reference ${requestId}</small></p></body></html>`;
}
