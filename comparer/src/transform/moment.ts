/**
 * Dates and times in the spellings this field uses: ASP.NET's `/Date(ms)/`, ISO 8601, US dates with and without time, HL7 and
 * iCalendar stamps, bare clock times. Read only to name what happened between two of them, never to decide equality.
 */

export type Moment = {
  /** Milliseconds as if the written wall time were UTC. */
  readonly wallMs: number;
  /** Minutes east of UTC; undefined when none is written (a floating time). */
  readonly offsetMinutes: number | undefined;
  readonly precision: "day" | "time";
  /** Which spelling it is; two spellings of one moment are a change of date format. */
  readonly form: "json" | "iso" | "us" | "stamp" | "http" | "clock";
};

type Fields = Readonly<Record<string, string | undefined>>;
type Reader = { readonly pattern: RegExp; readonly read: (fields: Fields) => Moment | undefined };

const isoDate = String.raw`(?<y>\d{4})-(?<mo>\d\d)-(?<d>\d\d)`;
const clock = String.raw`(?<h>\d{1,2}):(?<mi>\d\d)(?::(?<s>\d\d)(?:\.(?<f>\d{1,7}))?)?`;
const zone = String.raw`(?<z>Z|[+-]\d\d:?\d\d)?`;

const readers: readonly Reader[] = [
  {
    pattern: /^\\?\/Date\((?<ms>-?\d{1,15})(?:[+-]\d{4})?\)\\?\/$/,
    read: ({ ms }) => ({ wallMs: Number(ms), offsetMinutes: 0, precision: "time", form: "json" }),
  },
  { pattern: new RegExp(`^${isoDate}$`), read: (fields) => ofFields(fields, "iso", "day") },
  { pattern: new RegExp(`^${isoDate}[T ]${clock}${zone}$`), read: (fields) => ofFields(fields, "iso", "time") },
  { pattern: /^(?<mo>\d{1,2})\/(?<d>\d{1,2})\/(?<y>\d{4})$/, read: (fields) => ofFields(fields, "us", "day") },
  {
    pattern: new RegExp(String.raw`^(?<mo>\d{1,2})\/(?<d>\d{1,2})\/(?<y>\d{4}) ${clock}(?: ?(?<ap>[AP]M))?$`, "i"),
    read: (fields) => ofFields(fields, "us", "time"),
  },
  {
    pattern: /^(?<y>(?:19|20)\d\d)(?<mo>\d\d)(?<d>\d\d)T?(?<h>\d\d)(?<mi>\d\d)(?<s>\d\d)?(?<z>Z|[+-]\d{4})?$/,
    read: (fields) => ofFields(fields, "stamp", "time"),
  },
  { pattern: /^(?<y>(?:19|20)\d\d)(?<mo>\d\d)(?<d>\d\d)$/, read: (fields) => ofFields(fields, "stamp", "day") },
  {
    pattern: new RegExp(`^${clock}(?: ?(?<ap>[AP]M))?$`, "i"),
    read: (fields) => ofFields({ ...fields, y: "2000", mo: "1", d: "1" }, "clock", "time"),
  },
  {
    pattern: /^(?<h>[01]\d|2[0-3])(?<mi>[0-5]\d)$/,
    read: (fields) => ofFields({ ...fields, y: "2000", mo: "1", d: "1" }, "clock", "time"),
  },
  {
    pattern: /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
    read: ({ all }) => ({ wallMs: Date.parse(all ?? ""), offsetMinutes: 0, precision: "time", form: "http" }),
  },
];

/** Anything longer is no date; keeps the patterns cheap. */
const charsMax = 40;

export function readMoment(text: string): Moment | undefined {
  if (text.length > charsMax) return undefined;
  for (const { pattern, read } of readers) {
    const found = pattern.exec(text.trim());
    const moment = found && read({ ...found.groups, all: found[0] });
    if (moment && !Number.isNaN(moment.wallMs)) return moment;
  }
  return undefined;
}

/** Finds moments inside a longer text. Bare digits are left out: there they are more often numbers. */
export const momentsInText =
  /\\?\/Date\(-?\d{1,15}(?:[+-]\d{4})?\)\\?\/|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d{1,2}\/\d{1,2}\/\d{4}(?: \d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?)?|\b\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?\b/gi;

function ofFields(fields: Fields, form: Moment["form"], precision: Moment["precision"]): Moment | undefined {
  const number = (name: string): number => Number(fields[name] ?? 0);
  const [month, day, hour, minute] = [number("mo"), number("d"), hourOf(fields), number("mi")];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59) return undefined;
  const thousandths = Number((fields["f"] ?? "0").padEnd(3, "0").slice(0, 3));
  const wallMs = Date.UTC(number("y"), month - 1, day, hour, minute, number("s"), thousandths);
  return { wallMs, offsetMinutes: offsetOf(fields["z"]), precision, form };
}

function hourOf(fields: Fields): number {
  const hour = Number(fields["h"] ?? 0);
  const half = fields["ap"]?.toUpperCase();
  return half === undefined ? hour : (hour % 12) + (half === "PM" ? 12 : 0);
}

function offsetOf(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (written === "Z") return 0;
  const minutes = Number(written.slice(1, 3)) * 60 + Number(written.slice(-2));
  return written.startsWith("-") ? -minutes : minutes;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Zones lie between UTC-12 and UTC+14, and all in use differ by quarters of an hour. */
const shiftMsMax = 14 * 60 * minuteMs;
const shiftStepMs = 15 * minuteMs;

/** What happened between two unequal spellings; undefined when they are simply different times. */
export function momentChange(a: Moment, b: Moment): "time-zone-shift" | "date-format" | "truncation" | undefined {
  if (a.precision !== b.precision) {
    return Math.floor(a.wallMs / dayMs) === Math.floor(b.wallMs / dayMs) ? "truncation" : undefined;
  }
  if (a.precision === "day") {
    const distanceMs = Math.abs(a.wallMs - b.wallMs);
    if (distanceMs === 0) return "date-format";
    return distanceMs === dayMs ? "time-zone-shift" : undefined;
  }
  const bothZoned = a.offsetMinutes !== undefined && b.offsetMinutes !== undefined;
  const [left, right] = bothZoned ? [instantMs(a), instantMs(b)] : [a.wallMs, b.wallMs];
  const distanceMs = Math.abs(left - right);
  // A floating time and the same digits with a zone: an hour to whoever reads them elsewhere.
  if (distanceMs === 0) return bothZoned || a.offsetMinutes === b.offsetMinutes ? "date-format" : "time-zone-shift";
  return distanceMs <= shiftMsMax && distanceMs % shiftStepMs === 0 && isWhole(distanceMs, a, b)
    ? "time-zone-shift"
    : undefined;
}

/** Without a zone on either side only whole hours count: fifteen minutes are the next slot, not another zone. */
function isWhole(distanceMs: number, a: Moment, b: Moment): boolean {
  return (a.offsetMinutes === undefined) !== (b.offsetMinutes === undefined) || distanceMs % (60 * minuteMs) === 0;
}

const instantMs = (moment: Moment): number => moment.wallMs - (moment.offsetMinutes ?? 0) * minuteMs;

/** The system's ways to say "no date" in a date column. */
export function isSentinel(text: string): boolean {
  const moment = readMoment(text);
  const day = moment && new Date(moment.wallMs).toISOString().slice(0, 10);
  return day === "1900-01-01" || day === "9999-12-31";
}
