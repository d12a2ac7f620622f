/** Clinical documentation: visits, notes, problem list (rows 25 to 29 of the inventory). */

import type { Page } from "../kit/index.ts";
import { clinService } from "./clin-service.ts";
import { encounterPage } from "./encounter.ts";
import { notePrintPage } from "./note-print.ts";
import { noteViewPage } from "./note-view.ts";
import { problemListPage } from "./problem-list.ts";

export const clinPages: readonly Page[] = [encounterPage, clinService, noteViewPage, notePrintPage, problemListPage];
