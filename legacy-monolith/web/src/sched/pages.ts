import type { Page } from "../kit/index.ts";

export const schedulingPages: readonly Page[] = [];
