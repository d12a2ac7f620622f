import type { Page } from "../kit/index.ts";

export const shellPages: readonly Page[] = [];
