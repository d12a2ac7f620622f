/** A replica as control sees one: opens a stream, acknowledges what it is told to, beats when the test says so. */

import { EventEmitter, once } from "node:events";
import { replicaToken } from "./test-control.ts";

export type RevisionLine = {
  readonly type: "revision";
  readonly revision: number;
  readonly files: readonly { readonly module: string }[];
  readonly fences: readonly string[];
  readonly modules: Readonly<Record<string, { stage: { name: string; percent?: number }; epoch: number }>>;
};
export type ConditionsLine = {
  readonly type: "conditions";
  readonly fences: readonly string[];
  readonly conditions: object;
  readonly preparing: Readonly<Record<string, number>>;
};

export type FakeReplica = {
  readonly id: string;
  readonly revisions: readonly RevisionLine[];
  readonly conditions: readonly ConditionsLine[];
  /** Monotonic time at which each revision came. */
  readonly receivedAt: ReadonlyMap<number, number>;
  acknowledges: boolean;
  until(revision: number): Promise<void>;
  untilFences(fences: readonly string[]): Promise<void>;
  untilConditions(fits: (line: ConditionsLine) => boolean): Promise<void>;
  /** Writes under way, by module and epoch, that heartbeats tell. */
  inFlight: Record<string, Record<string, number>>;
  /** Tells control what a real replica would tell now: fences, coming epochs, writes under way. */
  beat(): Promise<Response>;
  /** Resolves when control or the test has ended the stream. */
  readonly closed: Promise<void>;
  say(what: string, body: unknown): Promise<Response>;
  leave(): Promise<Response>;
  disconnect(): void;
};

export async function connectReplica(
  url: string,
  id: string,
  /** beats: answers every line of conditions with a heartbeat, as a real replica does. */
  options: { acknowledges?: boolean; beats?: boolean } = {},
): Promise<FakeReplica> {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${replicaToken}` };
  const at = `${url}/api/v1/replicas/${id}`;
  const response = await fetch(`${at}/stream?build=test&have=0`, { headers, signal: abort.signal });
  if (!response.ok || !response.body) throw new Error(`stream refused: ${response.status} ${await response.text()}`);
  const revisions: RevisionLine[] = [];
  const conditions: ConditionsLine[] = [];
  const receivedAt = new Map<number, number>();
  const changed = new EventEmitter();
  changed.setMaxListeners(100);
  const say = (what: string, body: unknown): Promise<Response> =>
    fetch(`${at}/${what}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const take = async (line: RevisionLine | ConditionsLine): Promise<void> => {
    if (line.type === "conditions") {
      conditions.push(line);
      if (options.beats) await replica.beat();
    } else {
      receivedAt.set(line.revision, performance.now());
      revisions.push(line);
      if (replica.acknowledges) await say("ack", { revision: line.revision });
    }
    changed.emit("line");
  };
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    let rest = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") await take(JSON.parse(line) as RevisionLine | ConditionsLine);
      }
    } catch {
      // The stream was cut, which is what some tests wait for.
    }
    changed.emit("line");
  };
  const waitFor = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) await once(changed, "line");
  };
  const replica: FakeReplica = {
    id,
    revisions,
    conditions,
    receivedAt,
    acknowledges: options.acknowledges ?? true,
    until: (revision) => waitFor(() => receivedAt.has(revision)),
    inFlight: {},
    beat: () =>
      say("heartbeat", {
        fences: conditions.at(-1)?.fences ?? [],
        prepared: conditions.at(-1)?.preparing ?? {},
        inFlight: replica.inFlight,
      }),
    untilConditions: (fits) =>
      waitFor(() => {
        const last = conditions.at(-1);
        return last !== undefined && fits(last);
      }),
    untilFences: (fences) => waitFor(() => conditions.at(-1)?.fences.join() === fences.join()),
    closed: Promise.resolve(),
    say,
    leave: () => fetch(at, { method: "DELETE", headers }),
    disconnect: () => abort.abort(),
  };
  return Object.assign(replica, { closed: read(response.body) });
}
