/** How long a dead worker's place stays empty: not at all after a single death, longer each time it dies young. */

import { limits } from "../limits.ts";

/** @param youngDeaths deaths in a row of workers that had not served `workerSteadyMs`. @returns milliseconds */
export function restartDelayMs(youngDeaths: number): number {
  if (youngDeaths <= 0) return 0;
  return Math.min(limits.workerRestartMs * 2 ** (youngDeaths - 1), limits.workerRestartMsMax);
}
