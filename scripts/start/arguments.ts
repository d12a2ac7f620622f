/** The command line of `npm start`. */

import { parseArgs } from "node:util";
import { AppError } from "@banyan/kernel";

export type StartArguments = {
  readonly fresh: boolean;
  /** Folder of a Synthea CSV export to load instead of generated patients. */
  readonly synthea: string | undefined;
  /** How many patients to generate. */
  readonly patients: number;
  readonly seed: number;
  readonly help: boolean;
};

export const startHelp = `npm start [-- OPTIONS]

  --fresh            delete the state of an earlier run first
  --synthea DIR      load a Synthea CSV export instead of generated patients
  --patients N       how many patients to generate (default 300)
  --seed N           seed of the generator (default 1)
  --help             this text
`;

/** @throws AppError USAGE */
export function parseStartArguments(argv: readonly string[]): StartArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        fresh: { type: "boolean", default: false },
        synthea: { type: "string" },
        patients: { type: "string", default: "300" },
        seed: { type: "string", default: "1" },
        help: { type: "boolean", default: false },
      },
    });
    return {
      fresh: values.fresh,
      synthea: values.synthea,
      patients: wholeNumber("--patients", values.patients, 1, 100_000),
      seed: wholeNumber("--seed", values.seed, 0, 2 ** 31),
      help: values.help,
    };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw usage(`${option} takes a whole number from ${min} to ${max}`);
  return value;
}

function usage(message: string): AppError {
  return new AppError({ code: "USAGE", op: "npm start", message, hint: "npm start -- --help lists the options." });
}
