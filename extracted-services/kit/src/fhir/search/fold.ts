/** The form in which strings are compared: without case, accents and surplus blanks. The SQL function `fhir.fold` does the same. */

export const fold = (text: string): string =>
  text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/\s+/g, " ").trim();
