/** What a person sees of a load: a bar while it runs, counts per table at the end. */

import { Presets, SingleBar } from "cli-progress";
import { tableNames } from "../schema.ts";
import type { LoadCounts, LoadProgress } from "./loader.ts";

export type ProgressBar = { readonly onProgress: (progress: LoadProgress) => void; stop(): void };

/** Draws on a terminal; elsewhere (a log file, CI) it stays silent, since a bar there is only noise. */
export function loadProgressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const bar = new SingleBar(
    {
      format: "loading {bar} {percentage}% | {value}/{total} rows | {table}",
      stream,
      noTTYOutput: false,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    onProgress({ table, done, total }) {
      if (!stream.isTTY) return;
      if (!started) bar.start(total, 0, { table });
      started = true;
      bar.update(done, { table });
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

/** A table of names and counts in two columns, with the sum. */
export function renderCounts(counts: LoadCounts): string {
  const cells = tableNames.map((name) => `${name.padEnd(15)}${String(counts[name]).padStart(7)}`);
  const half = Math.ceil(cells.length / 2);
  const lines = cells.slice(0, half).map((cell, index) => `  ${cell}    ${cells[index + half] ?? ""}`.trimEnd());
  const total = tableNames.reduce((sum, name) => sum + counts[name], 0);
  return [...lines, `  ${total} rows in ${tableNames.length} tables`].join("\n");
}
