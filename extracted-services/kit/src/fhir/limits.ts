/** Bounds of the FHIR face. Past each of them the answer is a refusal with its reason, never a slow or huge answer. */

export const limits = {
  /** A resource with a photograph fits; a film does not. */
  bodyBytesMax: 2 * 1024 * 1024,
  /** Deeper nesting than any R4 element reaches, and shallow enough for recursion. */
  bodyDepthMax: 64,
  /** A form of search parameters; far above any real search. */
  formBytesMax: 64 * 1024,
  /** Page of a search when the client names none: one screen. */
  pageEntriesDefault: 20,
  /** Largest page; a larger `_count` is cut to it, as FHIR lets a server do. */
  pageEntriesMax: 200,
  /** Resources brought along by `_include` and `_revinclude` on one page. */
  includedEntriesMax: 400,
  /** Parameters in one search; each costs a condition in the database. */
  searchParametersMax: 24,
  /** Comma-separated alternatives in one parameter. */
  searchAlternativesMax: 50,
  /** One search value; names, codes and URLs are shorter. */
  searchValueCharsMax: 256,
  /** Sort keys in one search. */
  sortKeysMax: 3,
  /** A cursor as we make it, with room: a longer one is not ours. */
  cursorCharsMax: 12_000,
  /** How long a cursor may be used. */
  cursorAgeMsMax: 60 * 60 * 1_000,
  /** Past this many matches a total is left out rather than counted. */
  totalCountedMax: 10_000,
  /** Versions in one page of a history. */
  historyEntriesMax: 100,
  /** Scopes in one token; the longest role has fewer than twenty. */
  scopesMax: 100,
  /** Issues in one OperationOutcome: enough to mend a resource, not a transcript of it. */
  issuesMax: 20,
} as const;
