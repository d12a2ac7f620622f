/** The legacy web's machine key from the configuration. Without it no form of the other side could be told from a forged one. */

import { AppError, type Config } from "@banyan/kernel";

/** @throws AppError MACHINE_KEY_MISSING */
export function machineKeyOf(config: Pick<Config, "LEGACY_MACHINE_KEY">, service: string): string {
  if (config.LEGACY_MACHINE_KEY !== undefined) return config.LEGACY_MACHINE_KEY;
  throw new AppError({
    code: "MACHINE_KEY_MISSING",
    op: `start ${service}`,
    message: "no machine key is named, so that forms of the legacy web could not be told from forged ones",
    hint: "Set LEGACY_MACHINE_KEY to the legacy web's.",
  });
}
