/** Runs a batch through tedious and notes everything the server says: result sets, their types, errors, messages. */

import { Connection, type ConnectionConfiguration, Request } from "tedious";
import type { ExpectedValue } from "./conformance-case.ts";

export type Observed = {
  readonly sets: ExpectedValue[][][];
  readonly types: string[];
  readonly names: string[];
  readonly errors: number[];
  readonly messages: string[];
};

type Column = {
  readonly colName: string;
  readonly type: { readonly name: string };
  readonly dataLength?: number;
  readonly precision?: number;
  readonly scale?: number;
};

export function open(config: ConnectionConfiguration): Promise<Connection> {
  const connection = new Connection(config);
  // A connection that breaks is seen by the case that lacks its answer.
  connection.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

export async function close(connection: Connection): Promise<void> {
  if ((connection as unknown as { closed: boolean }).closed) return;
  const ended = new Promise<void>((resolve) => connection.once("end", resolve));
  connection.close();
  await ended;
}

export async function observe(connection: Connection, sql: string): Promise<Observed> {
  const seen: Observed = { sets: [], types: [], names: [], errors: [], messages: [] };
  const onError = (message: { number: number }) => seen.errors.push(message.number);
  const onInfo = (message: { message: string }) => seen.messages.push(message.message);
  connection.on("errorMessage", onError);
  connection.on("infoMessage", onInfo);
  await new Promise<void>((resolve) => {
    const request = new Request(sql, () => resolve());
    request.on("columnMetadata", (metadata) => {
      const columns = metadata as unknown as Column[];
      if (seen.sets.length === 0) {
        seen.types.push(...columns.map(declaration));
        seen.names.push(...columns.map(({ colName }) => colName));
      }
      seen.sets.push([]);
    });
    request.on("row", (row: { value: unknown }[]) => seen.sets.at(-1)?.push(row.map(({ value }) => plain(value))));
    connection.execSqlBatch(request);
  });
  connection.off("errorMessage", onError);
  connection.off("infoMessage", onInfo);
  return seen;
}

function plain(value: unknown): ExpectedValue {
  if (value instanceof Date) return value.toISOString().replace("T", " ").replace("Z", "");
  if (Buffer.isBuffer(value)) return `0x${value.toString("hex").toUpperCase()}`;
  return value as ExpectedValue;
}

/** The protocol's types by name and length in bytes; nullable columns have the N forms. */
const sized: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  IntN: { 1: "tinyint", 2: "smallint", 4: "int", 8: "bigint" },
  FloatN: { 4: "real", 8: "float" },
  MoneyN: { 4: "smallmoney", 8: "money" },
  DateTimeN: { 4: "smalldatetime", 8: "datetime" },
};

/** `decimal(10,2)`, `nvarchar(30)`, `varchar(max)`, `datetime2(3)`, `int` */
function declaration({ type: { name }, dataLength, precision, scale }: Column): string {
  const bySize = dataLength === undefined ? undefined : sized[name]?.[dataLength];
  if (bySize !== undefined) return bySize;
  const word = name.toLowerCase().replace(/n$/, "");
  if (word === "decimal" || word === "numeric") return `decimal(${precision},${scale})`;
  if (word === "datetime2" || word === "time") return `${word}(${scale})`;
  if (!/char|binary/.test(word)) return word;
  if (dataLength === undefined || dataLength > 8000) return `${word}(max)`;
  return `${word}(${word.startsWith("n") ? dataLength / 2 : dataLength})`;
}
