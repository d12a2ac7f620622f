/** Messages on their way to the client. */

import type { ResultSink, SqlError, SqlMessage } from "../contract.ts";

export const info = (text: string, line: number, number = 0): SqlMessage => ({
  number,
  severity: 0,
  state: 1,
  text,
  line,
});

/** To the client; a failed change of data is followed by 3621, as SQL Server does. */
export function report(error: SqlError, sink: ResultSink, dataChange = false): void {
  if (error.preceding) report(error.preceding, sink);
  sink.message({
    number: error.number,
    severity: error.severity,
    state: error.state,
    text: error.message,
    line: error.line,
    ...(error.procedure === undefined ? {} : { procedure: error.procedure }),
  });
  if (dataChange && terminated.has(error.number))
    sink.message(info("The statement has been terminated.", error.line, 3621));
}

const terminated = new Set([515, 547, 2601, 2627, 2628, 8115, 8134, 8152, 220]);
