/** Requests of a logged-in client: batches, procedure calls and transaction requests (MS-TDS 2.2.6.6 to 2.2.6.9). */

import { type IsolationLevel, notSupported, type SqlArgument, SqlError, type TransactionRequest } from "../contract.ts";
import { parametersMax } from "../limits.ts";
import { ByteReader, protocolError } from "./bytes.ts";
import { decodeValue } from "./decode-value.ts";
import { readTypeInfo, tds72 } from "./type-info.ts";

export type ProcedureCall = { readonly name: string; readonly args: readonly SqlArgument[] };

/** A reader behind ALL_HEADERS, which TDS 7.2 and later put before every request. */
function afterHeaders(payload: Buffer, version: number): ByteReader {
  const reader = new ByteReader(payload);
  if (version >= tds72) {
    const total = reader.u32();
    if (total < 4) throw protocolError("the headers of a request are too short");
    reader.skip(total - 4);
  }
  return reader;
}

export function readBatch(payload: Buffer, version: number): string {
  const reader = afterHeaders(payload, version);
  if (reader.remaining % 2 !== 0) throw protocolError("a batch has an odd number of bytes");
  return reader.ucs2(reader.remaining / 2);
}

/** Procedures that travel as numbers. */
const procedureNames: Record<number, string> = {
  1: "sp_cursor",
  2: "sp_cursoropen",
  3: "sp_cursorprepare",
  4: "sp_cursorexecute",
  5: "sp_cursorprepexec",
  6: "sp_cursorunprepare",
  7: "sp_cursorfetch",
  8: "sp_cursoroption",
  9: "sp_cursorclose",
  10: "sp_executesql",
  11: "sp_prepare",
  12: "sp_execute",
  13: "sp_prepexec",
  14: "sp_prepexecrpc",
  15: "sp_unprepare",
};

const parameterStatus = { output: 0x01, useDefault: 0x02, encrypted: 0x08 } as const;

/** A byte where a parameter's name length would stand separates calls: 80 up to TDS 7.1, FF from 7.2, FE "do not run". */
const separators = { old: 0x80, new: 0xff, withoutRunning: 0xfe } as const;

/**
 * All calls of one message; nearly always one.
 * @throws SqlError 8003 (too many parameters), 40000 (a type the simulator does not have), AppError TDS_PROTOCOL, TDS_TRUNCATED
 */
export function readProcedureCalls(payload: Buffer, version: number): ProcedureCall[] {
  const reader = afterHeaders(payload, version);
  const calls: ProcedureCall[] = [];
  while (reader.remaining > 0) calls.push(readCall(reader, version));
  return calls;
}

function readCall(reader: ByteReader, version: number): ProcedureCall {
  const length = reader.u16();
  const name = length === 0xffff ? procedureName(reader.u16()) : reader.ucs2(length);
  reader.skip(2);
  const args: SqlArgument[] = [];
  while (reader.remaining > 0) {
    const first = reader.data[reader.position] as number;
    if (first === (version >= tds72 ? separators.new : separators.old)) {
      reader.skip(1);
      break;
    }
    if (first === separators.withoutRunning && version >= tds72)
      throw notSupported("a procedure call that is not to be run");
    args.push(readArgument(reader));
    if (args.length > parametersMax) throw tooManyParameters();
  }
  return { name, args };
}

function procedureName(id: number): string {
  const name = procedureNames[id];
  if (name === undefined) throw protocolError(`procedure number ${id} does not exist`);
  return name;
}

function readArgument(reader: ByteReader): SqlArgument {
  const name = reader.shortText();
  const status = reader.u8();
  if ((status & parameterStatus.encrypted) !== 0) throw notSupported("an encrypted parameter");
  const wire = readTypeInfo(reader);
  const value = decodeValue(reader, wire, "parameter");
  const argument = { name, type: wire.type, value, output: (status & parameterStatus.output) !== 0 };
  return (status & parameterStatus.useDefault) === 0 ? argument : { ...argument, useDefault: true };
}

function tooManyParameters(): SqlError {
  return new SqlError(
    8003,
    16,
    `The incoming request has too many parameters. The server supports a maximum of ${parametersMax} parameters. ` +
      "Reduce the number of parameters and resend the request.",
  );
}

const isolationLevels: Record<number, IsolationLevel> = {
  1: "read uncommitted",
  2: "read committed",
  3: "repeatable read",
  4: "serializable",
  5: "snapshot",
};

const operation = { begin: 5, commit: 7, rollback: 8, save: 9 } as const;

/** One or two steps: a commit or rollback may ask for the next transaction at once. @throws SqlError 40000, AppError TDS_PROTOCOL */
export function readTransaction(payload: Buffer, version: number): TransactionRequest[] {
  const reader = afterHeaders(payload, version);
  const code = reader.u16();
  switch (code) {
    case operation.begin:
      return [readBegin(reader)];
    case operation.save:
      return [{ kind: "save", name: readName(reader) }];
    case operation.commit: {
      readName(reader);
      return [{ kind: "commit" }, ...readNext(reader)];
    }
    case operation.rollback: {
      const name = readName(reader);
      return [{ kind: "rollback", name }, ...readNext(reader)];
    }
    default:
      throw notSupported(`transaction request ${code} (distributed transactions)`);
  }
}

function readBegin(reader: ByteReader): TransactionRequest {
  const isolation = isolationLevels[reader.u8()];
  const name = readName(reader);
  return isolation === undefined ? { kind: "begin", name } : { kind: "begin", isolation, name };
}

function readNext(reader: ByteReader): TransactionRequest[] {
  const beginsNext = reader.remaining > 0 && (reader.u8() & 1) !== 0;
  return beginsNext ? [readBegin(reader)] : [];
}

/** The length counts bytes, not characters. */
function readName(reader: ByteReader): string {
  const bytes = reader.u8();
  return reader.ucs2(Math.floor(bytes / 2));
}
