/**
 * Everything in which a service's answer may differ from the monolith's, each with its reason: first what the specification of
 * the legacy system lets differ (section 3.1), then what the proxy in front adds. Never a status, a Location, a clinical value
 * or a whole row. A comparison of the pair suites masks exactly this list.
 */

export type DeclaredDifference = {
  readonly what: string;
  readonly why: string;
} & (
  | { readonly kind: "body"; readonly pattern: RegExp }
  /** Compared without its value. */
  | { readonly kind: "header-value"; readonly header: string }
  /** There on one side only. */
  | { readonly kind: "header"; readonly header: string }
  /** Made equal by the suite before it goes on. */
  | { readonly kind: "numbering"; readonly table: string }
);

export const declaredDifferences: readonly DeclaredDifference[] = [
  {
    what: "__VIEWSTATE, __EVENTVALIDATION",
    why: "specification 3.1; opaque to the client, and either side takes the other's",
    kind: "body",
    pattern: /(?<=name="__(?:VIEWSTATE|EVENTVALIDATION)" value=")[^"]*/g,
  },
  {
    what: "hdnTS, hdnTok",
    why: "specification 3.1; the version stamp of a record and the token against double submit, opaque to the client",
    kind: "body",
    pattern: /(?<=name="ctl00\$cph\$hdn(?:TS|Tok)"[^>]* value=")[^"]*/g,
  },
  {
    what: "DTSTAMP of an appointment just written",
    why: "the database server's own clock (GETDATE() in TR_APPT_IU), which differs between any two runs of the monolith too",
    kind: "body",
    pattern: /(?<=\nDTSTAMP:)\d{8}T\d{6}Z?/g,
  },
  {
    what: "the address in a web service's description",
    why: "each side of a pair listens at an address of its own; behind the proxy there is one",
    kind: "body",
    pattern: /(?<=<soap:address location=")http:\/\/127\.0\.0\.1:\d+/g,
  },
  {
    what: "the number of the appointment after a refused booking",
    why: "SQL Server's identity leaves a gap when an insert is rolled back; the service takes numbers in its transaction",
    kind: "numbering",
    table: "tblAppointment",
  },
  { what: "Date", why: "specification 3.1", kind: "header-value", header: "date" },
  {
    what: "X-Request-Id",
    why: "the proxy numbers every answer, whichever side made it",
    kind: "header",
    header: "x-request-id",
  },
];
