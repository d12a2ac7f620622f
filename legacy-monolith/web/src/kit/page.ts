/** What the monolith gives its pages beside what every page gets: its database, its sessions, and the right to issue tickets. */

import type { Page as AnyPage, PageContext as AnyContext, PortalIdentity, StaffUser } from "@banyan/webforms";
import type { Database } from "./database.ts";
import type { FormsTickets } from "./forms-ticket.ts";
import type { Session, SessionStore } from "./session-store.ts";

export type ServerParts = {
  readonly sessions: SessionStore;
  readonly tickets: FormsTickets;
  /** Value of `X-Session-Key` of the session end point. */
  readonly sessionKey: string;
  /** Value of `X-Ifc-Key` of HL7In and of the key in RxStatus' SOAP header. */
  readonly interfaceKey: string;
  /** Key of a provider's appointment feed. */
  feedKey(provId: string): string;
};

/** Members of a page's context that are the monolith's own. */
export type MonolithMembers = {
  /** Server session; made, with its cookie, on first use. */
  readonly session: Session;
  readonly db: Database;
  /** Parts of the server only its own interfaces need. */
  readonly server: ServerParts;
  /** Writes `.EHRAUTH` and fills the session. */
  signIn(user: StaffUser): void;
  /** Ends ticket and session. */
  signOut(): void;
  /** Writes `.EHRAUTH` anew with its full life. */
  renewTicket(): void;
  /** Writes `.PORTALAUTH` (Path=/Portal). */
  signInPortal(identity: PortalIdentity): void;
  signOutPortal(): void;
};

export type PageContext = AnyContext & MonolithMembers;

export type Page = AnyPage<PageContext>;
