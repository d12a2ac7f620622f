/** Limits of the patients service. They are the legacy screens': a page shows as many rows on either side. */

/** Rows on one page of the patient search. */
export const gridRowsMax = 25;
/** Rows of a type-ahead answer, whatever the caller asks for. */
export const typeAheadRowsMax = 50;
/** Records shown as possible duplicates when a patient is registered. */
export const alikeRowsMax = 25;
/** Rows of one panel of the face sheet; the module's own page shows the rest. */
export const panelRowsMax = 10;
