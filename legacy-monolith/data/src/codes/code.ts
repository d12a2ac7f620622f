/** One entry of CODETBL before it is a row; the order in its list is the order on the screens. */

export type Code = {
  readonly val: string;
  /** Up to 30 characters. */
  readonly short: string;
  /** Up to 120 characters; the short text when absent. */
  readonly long?: string;
  readonly num?: number;
  readonly flag?: "Y";
};
