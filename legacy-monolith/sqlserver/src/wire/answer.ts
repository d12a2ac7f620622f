/** One request of a logged-in client and its one answer. */

import { type ProcedureOutcome, SqlError, type SqlMessage, type SqlSession } from "../contract.ts";
import { protocolError } from "./bytes.ts";
import type { Message } from "./messages.ts";
import { packetStatus, packetType } from "./packets.ts";
import type { Reply } from "./reply.ts";
import { readBatch, readProcedureCalls, readTransaction } from "./requests.ts";

export type Answering = {
  readonly message: Message;
  readonly session: SqlSession;
  readonly version: number;
  readonly reply: Reply;
  readonly signal: AbortSignal;
};

/** What becomes of the connection: it goes on, ends behind the answer, or is cut without one. */
export type Outcome = { readonly fate: "keep" | "close" | "drop"; readonly cause?: unknown };

const keep: Outcome = { fate: "keep" };

/** @throws what makes an answer impossible */
export async function answer(answering: Answering): Promise<Outcome> {
  const { message, reply } = answering;
  if (message.ignored) {
    reply.end();
    return keep;
  }
  await reset(answering);
  const run = runners[message.type];
  if (!run) throw protocolError(`message type ${message.type} does not exist`);
  try {
    await run(answering);
    return keep;
  } catch (error) {
    return failed(reply, error);
  }
}

async function reset({ message, session, reply }: Answering): Promise<void> {
  const keepTransaction = (message.status & packetStatus.resetKeepTransaction) !== 0;
  if (!keepTransaction && (message.status & packetStatus.resetConnection) === 0) return;
  await session.reset(keepTransaction);
  reply.resetDone();
}

/** A T-SQL error is told and the session goes on; anything else ends it. */
function failed(reply: Reply, error: unknown): Outcome {
  if (error instanceof SqlError) {
    reply.message(messageOf(error));
    reply.end();
    return keep;
  }
  // The engine's fault on demand: the client is to see a broken network, not an error.
  if (error instanceof Error && error.name === "ConnectionDropped") return { fate: "drop", cause: error };
  const truncated = error instanceof Error && "code" in error && error.code === "TDS_TRUNCATED";
  reply.message(truncated ? streamEnded : sessionLost);
  reply.end();
  return { fate: "close", cause: error };
}

const streamEnded: SqlMessage = {
  number: 4002,
  severity: 16,
  state: 1,
  text: "The incoming tabular data stream (TDS) protocol stream is incorrect. The stream ended unexpectedly.",
  line: 0,
};

const sessionLost: SqlMessage = {
  number: 596,
  severity: 21,
  state: 1,
  text: "Cannot continue the execution because the session is in the kill state.",
  line: 0,
};

export function messageOf(error: SqlError): SqlMessage {
  const { number, severity, state, line, procedure } = error;
  const message = { number, severity, state, line, text: error.message };
  return procedure === undefined ? message : { ...message, procedure };
}

const runners: Record<number, (answering: Answering) => Promise<void>> = {
  [packetType.batch]: async ({ message, session, version, reply, signal }) => {
    await session.batch(readBatch(message.payload, version), reply, signal);
    reply.end();
  },
  [packetType.rpc]: runProcedures,
  [packetType.transaction]: async ({ message, session, version, reply }) => {
    for (const request of readTransaction(message.payload, version)) await session.transaction(request, reply);
    reply.end();
  },
  [packetType.bulk]: runBulk,
};

async function runProcedures({ message, session, version, reply, signal }: Answering): Promise<void> {
  const calls = readProcedureCalls(message.payload, version);
  for (const [index, call] of calls.entries()) {
    reply.startProcedure();
    let outcome: ProcedureOutcome | undefined;
    try {
      outcome = await session.procedure(call.name, call.args, reply, signal);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      reply.message(messageOf(error));
    }
    const more = index < calls.length - 1 && !signal.aborted;
    reply.endProcedure(outcome, more);
    if (!more) break;
  }
  reply.endMessage();
}

async function runBulk({ message, session, reply, signal }: Answering): Promise<void> {
  const { bulk } = message;
  if (!bulk) throw protocolError("a bulk load without data");
  try {
    const columns = await bulk.columns();
    await session.bulkLoad(columns, bulk.rows(), reply, signal);
  } finally {
    // The client sends all of it before it reads, whatever became of the first rows.
    await bulk.discardRest();
  }
  reply.end();
}
