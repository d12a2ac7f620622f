/**
 * What a page of the application is. A module exports a list of pages; the application looks the path up without regard
 * to case, checks identity and role, reads the body, checks the view state, and only then calls the page's handler. `C` is
 * the context a host gives its pages: what is here, and the host's own data handle beside it.
 */

import type { AsmxService } from "./asmx-service.ts";
import type { Html } from "./html.ts";

/** `USRMST.RoleCd`. */
export type Role = "FDSK" | "NURS" | "PHYS" | "LABT" | "BILL" | "RPTS" | "ADMN";

/** Tabs of the shell and owners in the migration. */
export type ModuleName =
  | "shell"
  | "patient"
  | "sched"
  | "clin"
  | "lab"
  | "rx"
  | "bill"
  | "portal"
  | "report"
  | "interface";

/** What goes back to the browser. Build it with `ctx.page`, `redirect`, `text`, `xml`, `attachment`. */
export type Answer = {
  readonly status: number;
  /** Whole Content-Type header; undefined for an answer without a body. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

/** Who may see a page: listed roles, every member of staff, a portal patient, or everyone (login pages, keyed interfaces). */
export type Access = readonly Role[] | "staff" | "portal" | "anonymous";

/**
 * How a page is treated. `html`: view state on POST, login by redirect. `xml`: as html, but machine output on GET. `ashx`:
 * no view state. `asmx`: `service` answers JSON, SOAP 1.1, `?wsdl` and `/js`.
 */
type PageKind = "html" | "xml" | "ashx" | "asmx";

/** What is known of a page without running it. */
export type PageFace = {
  /** As the application itself writes it, for example `/Patient/PatSearch.aspx`. */
  readonly path: string;
  readonly module: ModuleName;
  readonly kind: PageKind;
  readonly access: Access;
};

export type Page<C = PageContext> = PageFace & {
  readonly get?: (ctx: C) => Promise<Answer>;
  readonly post?: (ctx: C) => Promise<Answer>;
  readonly service?: AsmxService<C>;
};

export type StaffUser = {
  readonly usrId: string;
  readonly name: string;
  readonly role: Role;
  readonly locCd: string;
  readonly provider: boolean;
};

/** The patient behind a portal log-in. */
export type PortalIdentity = {
  readonly portalUserId: number;
  readonly loginName: string;
  readonly patNo: number;
  readonly proxyForPatNo: number | null;
};

/** Values of the user's session that pages read and set, under the names of the old pages. */
export type SessionValues = {
  /** Site the user works at. */
  LocCd: string;
  CurPatNo: number | undefined;
  CurEncNo: number | undefined;
  /** Patient opened by break-glass in this session. */
  BtgPat: number | undefined;
};

/** What the banner shows of the current patient. `DOB` is a wall date; `allergies` are the active ones, in order of entry. */
export type PatientBanner = {
  readonly MRN: string;
  readonly LName: string;
  readonly FName: string;
  readonly MI: string;
  readonly DOB: Date;
  readonly Sex: string;
  readonly allergies: readonly string[];
};

export type CookieOptions = { readonly path?: string; readonly httpOnly?: boolean; readonly expired?: boolean };

/** What the master page needs beside the page's own markup. */
export type PageContent = {
  readonly title: string;
  readonly body: Html;
  /** Red text in `<span id="ctl00_cph_lblErr">`. */
  readonly error?: string;
  /** Leaves header, tabs and banner out (log-in, print). */
  readonly bare?: boolean;
};

export type FormOptions = {
  /** Where the form posts; default: this page with its query. A form for another page carries that page's view state. */
  readonly action?: string;
  /** Kept in the view state; read back as `ctx.viewState` by the page the form is posted to. */
  readonly state?: Readonly<Record<string, string>>;
  /** Element id; `aspnetForm` by default. A second form of one page needs its own. */
  readonly id?: string;
};

export type PageContext = {
  /** The registered page that is being answered. */
  readonly self: PageFace;
  readonly method: "GET" | "POST";
  /** Path and query exactly as the client sent them. */
  readonly rawUrl: string;
  /** Query value by name in any case; "" when absent; several values are joined with a comma as ASP.NET does. */
  query(name: string): string;
  /** Query value as integer; undefined when absent or empty. @throws FormatFailure (a 500 page) when it is no integer. */
  queryInt(name: string): number | undefined;
  /** Posted control value: `field("txtLName")` reads `ctl00$cph$txtLName`; "" when absent. */
  field(name: string): string;
  /** Whether a control was posted: a button that was pressed, a box that was ticked. */
  hasField(name: string): boolean;
  /** Posted value by its raw name (`__EVENTTARGET`, names without the prefix). */
  rawField(name: string): string;
  /** Control names without the prefix, in posted order. */
  fieldNames(): readonly string[];
  /** State the view state carried; empty on GET. */
  readonly viewState: Readonly<Record<string, string>>;
  /** Request header, "" when absent. */
  header(name: string): string;
  /** The body as posted, for interfaces that take no form. */
  readonly rawBody: Buffer;
  /** Client address, at most 15 characters (AUDITLOG.IPAddr). */
  readonly ipAddress: string;
  /** The user's session; a host may make it on first use. */
  readonly session: SessionValues;
  /** The member of staff who asks. @throws AppError on an anonymous or portal page. */
  readonly user: StaffUser;
  /** The portal's patient. @throws AppError outside `access: "portal"`. */
  readonly portal: PortalIdentity;
  /** The portal's patient, if one is signed in. */
  readonly portalIfAny: PortalIdentity | undefined;
  /** The member of staff, if one is signed in. */
  readonly userIfAny: StaffUser | undefined;
  /** Server's wall clock (see wall-time.ts). */
  now(): Date;
  /** Server's clock as an instant. */
  instant(): Date;
  cookie(name: string): string;
  setCookie(name: string, value: string, options?: CookieOptions): void;
  /** Makes a patient, and optionally a visit, current: session and `EHRCtx` cookie. */
  setCurrent(patNo: number, encNo?: number): void;
  /** A whole page in the application's chrome, status 200. Shows the `msg=` banner and the current patient. */
  page(content: PageContent): Promise<Answer>;
  /** `<form>` with the hidden fields of WebForms around `inner`. */
  form(inner: Html, options?: FormOptions): Html;
};
