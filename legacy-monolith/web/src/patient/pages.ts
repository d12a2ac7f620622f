import type { Page } from "../kit/index.ts";

export const patientPages: readonly Page[] = [];
