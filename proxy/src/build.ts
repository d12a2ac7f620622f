/** The version replicas tell control, so that `banyan replicas` shows what runs where. */

import manifest from "../package.json" with { type: "json" };

export const build: string = manifest.version;
