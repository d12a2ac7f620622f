/**
 * Sessions that wrote to a module at canary read it from the owner until the service's copy holds the write. A pin's life:
 *
 *   writing --answered--> waiting --heartbeat to control sent after the answer--> numbered --number applied--> no obstacle
 *                            '----------- untilMs: nobody tells numbers ---------------------------------------> forgotten
 *
 * The number is that of the first heartbeat that can only have been issued after the write's answer (docs/decisions/
 * 0008-pins.md), so no two clocks are compared. Without numbers a pin lasts the module's `watermarkAgeMsMax` and a margin: a
 * read that is let to the copy by then has a watermark younger than the write.
 *
 * Other workers and replicas know of the write by a cookie the browser gets with the write's answer: module and a mark. It says
 * nothing else and needs no signature: without it a caller sees their own write late, with a made-up one they read the owner.
 */

import type { ModuleModel, Pins } from "@banyan/routing-rules";
import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";

const noPins: Pins = new Map();
const cookieName = ".BANYANPIN";

type Pin = {
  readonly module: string;
  number: number | null;
  /** Monotonic time from which on the write is known to be answered; undefined while it is under way. */
  answeredAtMs: number | undefined;
  untilMs: number;
};

/** A write under way. */
export type PinnedWrite = {
  /** Set-Cookie value that tells other replicas. */
  readonly cookie: string;
  answered(): void;
};

export class PinStore {
  /** Times the store was full. */
  overflowed = 0;
  readonly #clock: Clock;
  /** By session, or by the mark in a cookie; marks cannot be taken for sessions, which are hashes. */
  readonly #pins = new Map<string, Map<string, Pin>>();
  readonly #unnumbered = new Set<Pin>();
  /** While sessions had to be dropped, nobody is known not to be pinned. */
  readonly #everybody = new Map<string, null>();
  #everybodyUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pins.size;
  }

  /** @param cookies the Cookie header. @param modules of the revision, for how long a mark from elsewhere is believed. */
  of(session: string, cookies: string | undefined, modules: ReadonlyMap<string, ModuleModel>): Pins {
    const marks = cookies?.includes(cookieName) ? marksOf(cookies) : [];
    if (this.#pins.size === 0 && marks.length === 0) return noPins;
    const now = this.#clock.monotonicMs();
    if (now < this.#everybodyUntilMs) return this.#everybody;
    const found = new Map<string, number | null>();
    const own = session === "" ? undefined : this.#pins.get(session);
    for (const pin of own?.values() ?? []) if (now < pin.untilMs) found.set(pin.module, pin.number);
    for (const { module, mark } of marks) {
      const model = modules.get(module);
      if (!model) continue;
      const pin = this.#pins.get(mark)?.get(module) ?? this.#learn(mark, model, now);
      if (now < pin.untilMs) found.set(module, later(found.get(module), pin.number));
    }
    return found;
  }

  /**
   * A write of the session begins; its reads are pinned from now on.
   * @param mark letters and digits, unique to the request. @param isSecure whether the browser came by https.
   */
  writing(options: {
    readonly session: string;
    readonly cookies: string | undefined;
    readonly module: ModuleModel;
    readonly mark: string;
    readonly isSecure: boolean;
  }): PinnedWrite {
    const { session, cookies, module, mark, isSecure } = options;
    const pin: Pin = { module: module.name, number: null, answeredAtMs: undefined, untilMs: Number.POSITIVE_INFINITY };
    this.#put(session, pin);
    this.#put(mark, pin);
    const others = marksOf(cookies ?? "").filter((one) => one.module !== module.name);
    const marks = [...others.slice(1 - limits.pinMarksMax), { module: module.name, mark }];
    const value = marks.map((one) => `${one.module}~${one.mark}`).join("!");
    const seconds = Math.ceil(boundMsOf(module) / 1_000);
    return {
      cookie: `${cookieName}=${value}; path=/; max-age=${seconds}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`,
      answered: () => {
        pin.answeredAtMs = this.#clock.monotonicMs();
        pin.untilMs = pin.answeredAtMs + boundMsOf(module);
        this.#unnumbered.add(pin);
      },
    };
  }

  /**
   * What control answered to a heartbeat: any heartbeat row above `announced` is written after that answer was given.
   * @param sentMs monotonic time at which the heartbeat to control was sent.
   */
  announced(announced: Readonly<Record<string, number>>, sentMs: number): void {
    for (const pin of this.#unnumbered) {
      const number = announced[pin.module];
      if (number === undefined || pin.answeredAtMs === undefined || pin.answeredAtMs >= sentMs) continue;
      pin.number = number + 1;
      this.#unnumbered.delete(pin);
    }
    this.#forgetOld();
  }

  /** A mark of another replica: its write was answered before the browser could show it here. */
  #learn(mark: string, module: ModuleModel, now: number): Pin {
    const pin: Pin = { module: module.name, number: null, answeredAtMs: now, untilMs: now + boundMsOf(module) };
    // A made-up mark must not cost a real one its place: with the store full it is believed without being kept.
    if (this.#pins.size < limits.pinsMax) {
      this.#put(mark, pin);
      this.#unnumbered.add(pin);
    }
    return pin;
  }

  #put(key: string, pin: Pin): void {
    if (key === "") return;
    const pins = this.#pins.get(key) ?? new Map<string, Pin>();
    const before = pins.get(pin.module);
    if (before) this.#unnumbered.delete(before);
    pins.set(pin.module, pin);
    this.#pins.delete(key);
    this.#pins.set(key, pins);
    if (this.#pins.size <= limits.pinsMax) return;
    this.#forgetOld();
    if (this.#pins.size > limits.pinsMax) this.#dropOldest();
  }

  /** Those that came first end first, near enough. */
  #forgetOld(): void {
    const now = this.#clock.monotonicMs();
    for (const [key, pins] of this.#pins) {
      if ([...pins.values()].some((pin) => pin.untilMs > now)) return;
      this.#drop(key, pins);
    }
  }

  #dropOldest(): void {
    for (const [key, pins] of this.#pins) {
      this.#drop(key, pins);
      this.overflowed += 1;
      const now = this.#clock.monotonicMs();
      for (const pin of pins.values()) {
        const untilMs = Number.isFinite(pin.untilMs) ? pin.untilMs : now + limits.clientRequestMsMax;
        this.#everybodyUntilMs = Math.max(this.#everybodyUntilMs, untilMs);
        this.#everybody.set(pin.module, null);
      }
      return;
    }
  }

  #drop(key: string, pins: ReadonlyMap<string, Pin>): void {
    this.#pins.delete(key);
    for (const pin of pins.values()) this.#unnumbered.delete(pin);
  }
}

/** Without heartbeat numbers: by then whoever is let to the copy is let there by a watermark younger than the write. */
const boundMsOf = (module: ModuleModel): number => module.watermarkAgeMsMax + limits.pinMarginMs;

const later = (a: number | null | undefined, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a ?? 0, b);

type Mark = { readonly module: string; readonly mark: string };

function marksOf(cookies: string): Mark[] {
  const value = /(?:^|;\s*)\.BANYANPIN=([^;]*)/.exec(cookies)?.[1] ?? "";
  return value
    .split("!", limits.pinMarksMax)
    .map((one) => /^([a-z][a-z0-9.-]{0,99})~([0-9a-z]{8,32})$/.exec(one))
    .flatMap((parts) => (parts ? [{ module: parts[1] as string, mark: parts[2] as string }] : []));
}
