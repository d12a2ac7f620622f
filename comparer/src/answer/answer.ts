/** One HTTP answer as it was received: what both sides of a comparison are. */

export type RawHeaders = readonly (readonly [name: string, value: string])[];

export type Answer = {
  readonly status: number;
  /** In the order and spelling received; a name may occur several times. */
  readonly headers: RawHeaders;
  /** As received, content encoding included. */
  readonly body: Uint8Array;
};

/** Values of a header in order, its name in any case. */
export function headerValues(answer: Answer, name: string): string[] {
  const wanted = name.toLowerCase();
  return answer.headers.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value);
}

export type MediaType = {
  /** Lower case, without parameters: `text/html`; empty when there is none. */
  readonly type: string;
  /** Lower case, `utf-8` for all its spellings. */
  readonly charset: string | undefined;
};

export function mediaTypeOf(answer: Answer): MediaType {
  const [value = ""] = headerValues(answer, "content-type");
  const [type = "", ...parameters] = value.split(";");
  const charset = parameters.map((one) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(one)?.[1]).find(Boolean);
  return { type: type.trim().toLowerCase(), charset: charset === undefined ? undefined : charsetName(charset) };
}

/** One spelling a charset: `UTF8` and `utf-8` are the same declaration. */
export function charsetName(written: string): string {
  const name = written.toLowerCase();
  const spellings: Readonly<Record<string, string>> = {
    utf8: "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    latin1: "iso-8859-1",
    cp1252: "windows-1252",
    "x-cp1252": "windows-1252",
    ascii: "us-ascii",
  };
  return spellings[name] ?? name;
}
