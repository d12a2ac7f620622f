/**
 * Media types and preferences of a request. JSON only: XML is a SHOULD of FHIR and asked for by nobody here, so it is refused
 * with 406 rather than half done. Source: FHIR R4 http.html, sections 2.21.0.6 (content negotiation) and 2.21.0.5.2 (Prefer).
 */

import { FhirRefusal } from "./refusal.ts";

export type AnswerType = "application/fhir+json; charset=utf-8" | "application/json; charset=utf-8";

const fhirJson: AnswerType = "application/fhir+json; charset=utf-8";
const plainJson: AnswerType = "application/json; charset=utf-8";

const formats: Readonly<Record<string, AnswerType>> = {
  json: fhirJson,
  "application/fhir+json": fhirJson,
  "application/json": plainJson,
  "text/json": plainJson,
};

type MediaType = { readonly name: string; readonly parameters: ReadonlyMap<string, string> };

function parseMediaType(text: string): MediaType {
  const [name = "", ...rest] = text.split(";").map((part) => part.trim().toLowerCase());
  const parameters = rest.map((part): [string, string] => {
    const at = part.indexOf("=");
    return at < 0
      ? [part, ""]
      : [
          part.slice(0, at).trim(),
          part
            .slice(at + 1)
            .replaceAll('"', "")
            .trim(),
        ];
  });
  return { name, parameters: new Map(parameters) };
}

const isR4 = (type: MediaType): boolean => ["4.0", undefined].includes(type.parameters.get("fhirversion"));
const weight = (type: MediaType): number => Number(type.parameters.get("q") ?? "1") || 0;

/** What to answer in. `_format` wins over Accept. @throws FhirRefusal not-acceptable */
export function answerTypeOf(accept: string | undefined, format: string | undefined): AnswerType {
  if (format) {
    // A plus sign in a query is a blank once decoded, and clients forget to encode it.
    const type = parseMediaType(format.replaceAll("application/fhir json", "application/fhir+json"));
    const found = formats[type.name];
    if (found && isR4(type)) return found;
    throw notAcceptable();
  }
  const wanted = (accept || "*/*").split(",").map(parseMediaType);
  const usable = wanted.filter((type) => isR4(type) && weight(type) > 0).toSorted((a, b) => weight(b) - weight(a));
  for (const type of usable) {
    const found = type.name === "*/*" || type.name === "application/*" ? fhirJson : formats[type.name];
    if (found) return found;
  }
  throw notAcceptable();
}

const notAcceptable = (): FhirRefusal =>
  new FhirRefusal(
    "not-acceptable",
    "this server answers in JSON of FHIR 4.0 only, not in a format the request accepts",
  );

/** @throws FhirRefusal media-type unless the body is JSON of FHIR R4 in UTF-8 */
export function requireJsonBody(contentType: string | undefined, contentEncoding: string | undefined): void {
  const type = parseMediaType(contentType ?? "");
  const utf8 = ["utf-8", "utf8", undefined].includes(type.parameters.get("charset"));
  if (formats[type.name] && type.name !== "json" && utf8 && isR4(type) && isIdentity(contentEncoding)) return;
  throw new FhirRefusal("media-type", "the body is not declared as JSON of FHIR 4.0 in UTF-8");
}

/** @throws FhirRefusal media-type unless the body is a form */
export function requireForm(contentType: string | undefined, contentEncoding: string | undefined): void {
  const type = parseMediaType(contentType ?? "");
  if (type.name === "application/x-www-form-urlencoded" && isIdentity(contentEncoding)) return;
  throw new FhirRefusal("media-type", "a search by POST carries its parameters as application/x-www-form-urlencoded");
}

const isIdentity = (encoding: string | undefined): boolean => !encoding || encoding.toLowerCase() === "identity";

export type Preferences = {
  /** What a write answers with. */
  readonly answer: "minimal" | "representation" | "OperationOutcome";
  /** What an unknown search parameter does. */
  readonly handling: "lenient" | "strict";
};

/** Reads Prefer; what it does not know it passes over, as RFC 7240 asks. */
export function preferencesOf(prefer: string | undefined): Preferences {
  const wishes = new Set((prefer ?? "").split(/[,;]/).map((wish) => wish.trim().toLowerCase()));
  const answers = ["minimal", "representation", "OperationOutcome"] as const;
  return {
    answer: answers.find((answer) => wishes.has(`return=${answer.toLowerCase()}`)) ?? "representation",
    handling: wishes.has("handling=strict") ? "strict" : "lenient",
  };
}
