/**
 * How forwarding can fail: a closed list, returned and not thrown, with one table that says what each means to the client.
 * The compiler checks that the table is complete.
 */

const failures = [
  "badRequest",
  "targetTooLong",
  "methodNotAllowed",
  "bodyTooLarge",
  "retired",
  "noTarget",
  "leaseLapsed",
  "sessionNotKept",
  "holdTimeout",
  "holdQueueFull",
  "connectRefused",
  "connectTimeout",
  "connectReset",
  "circuitOpen",
  "queueFull",
  "answerTimeout",
  "answerCut",
  "answerInvalid",
  "answerFailed",
  "clientGone",
  "draining",
] as const;

export type Failure = (typeof failures)[number];

type Meaning = {
  readonly status: number;
  /** For a person; says nothing of the request. */
  readonly text: string;
  readonly retryAfterSeconds?: number;
};

export const meaningOf: Readonly<Record<Failure, Meaning>> = {
  badRequest: { status: 400, text: "The request could not be understood." },
  targetTooLong: { status: 414, text: "The address is too long." },
  methodNotAllowed: { status: 405, text: "This method is not allowed." },
  bodyTooLarge: { status: 413, text: "What was sent is too large." },
  retired: { status: 410, text: "This function has been retired." },
  noTarget: { status: 502, text: "The system behind this page is not set up here." },
  leaseLapsed: {
    status: 503,
    text: "The system is busy with maintenance. Nothing was saved; please try again in a moment.",
    retryAfterSeconds: 2,
  },
  sessionNotKept: {
    status: 503,
    text: "Your session could not be kept in step. If you were saving, check whether it was saved; then try again.",
    retryAfterSeconds: 2,
  },
  holdTimeout: {
    status: 503,
    text: "The system is busy with maintenance. Nothing was saved; please try again in a moment.",
    retryAfterSeconds: 2,
  },
  holdQueueFull: {
    status: 503,
    text: "The system is busy. Nothing was saved; please try again in a moment.",
    retryAfterSeconds: 2,
  },
  connectRefused: { status: 502, text: "The system behind this page is not running." },
  connectTimeout: { status: 504, text: "The system behind this page does not answer." },
  connectReset: { status: 502, text: "The system behind this page broke off." },
  circuitOpen: {
    status: 503,
    text: "The system behind this page is unavailable; please try again in a moment.",
    retryAfterSeconds: 2,
  },
  queueFull: { status: 503, text: "The system is busy; please try again in a moment.", retryAfterSeconds: 1 },
  answerTimeout: {
    status: 504,
    text: "The system behind this page took too long. If you were saving, check whether it was saved.",
  },
  answerCut: {
    status: 502,
    text: "The system behind this page broke off. If you were saving, check whether it was saved.",
  },
  answerInvalid: { status: 502, text: "The system behind this page gave an answer that could not be read." },
  answerFailed: { status: 502, text: "The system behind this page reported a failure." },
  clientGone: { status: 499, text: "The client has left." },
  draining: { status: 503, text: "This server is stopping; please try again.", retryAfterSeconds: 1 },
};

/** Whether the target has certainly not begun to work on the request, so that another try can do nothing twice. */
export function neverStarted(failure: Failure): boolean {
  return (
    failure === "connectRefused" || failure === "connectTimeout" || failure === "circuitOpen" || failure === "queueFull"
  );
}

/** Failure of an error from the HTTP client (undici's and Node's codes). */
export function failureOf(error: unknown, phase: "connecting" | "answering"): Failure {
  const code = (error as { code?: unknown }).code;
  switch (code) {
    case "ECONNREFUSED":
    case "ENOTFOUND":
    case "EHOSTUNREACH":
      return "connectRefused";
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return "connectTimeout";
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return "answerTimeout";
    case "UND_ERR_ABORTED":
      return "clientGone";
    case "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH":
      return "badRequest";
    default:
      break;
  }
  if (typeof code === "string" && code.startsWith("HPE_")) return "answerInvalid";
  return phase === "connecting" ? "connectReset" : "answerCut";
}
