/** Patient search, record, merge, chart and what partner systems read (rows 6-16 of the inventory). */

import type { Page, Role } from "../kit/index.ts";
import { breakGlass, breakGlassForm } from "./break-glass.ts";
import { chart } from "./chart.ts";
import { patientDetail } from "./detail.ts";
import { editForm, saveEdit } from "./edit.ts";
import { mergeForm, mergePatients } from "./merge.ts";
import { newForm, saveNew } from "./new.ts";
import { patientXml } from "./patient-xml.ts";
import { photo } from "./photo.ts";
import { postSearch, search } from "./search.ts";
import { patientService } from "./service.ts";

/** Everyone but the lab bench and the report readers may change demographics. */
const registrars: readonly Role[] = ["FDSK", "NURS", "PHYS", "BILL", "ADMN"];

export const patientPages: readonly Page[] = [
  { path: "/Patient/PatSearch.aspx", module: "patient", kind: "html", access: "staff", get: search, post: postSearch },
  { path: "/Patient/PatDetail.aspx", module: "patient", kind: "html", access: "staff", get: patientDetail },
  { path: "/Patient/PatEdit.aspx", module: "patient", kind: "html", access: registrars, get: editForm, post: saveEdit },
  { path: "/Patient/PatNew.aspx", module: "patient", kind: "html", access: registrars, get: newForm, post: saveNew },
  {
    path: "/Patient/PatMerge.aspx",
    module: "patient",
    kind: "html",
    access: ["ADMN"],
    get: mergeForm,
    post: mergePatients,
  },
  { path: "/Patient/Chart.aspx", module: "patient", kind: "html", access: "staff", get: chart },
  {
    path: "/Patient/BreakGlass.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    get: breakGlassForm,
    post: breakGlass,
  },
  { path: "/Handlers/PatPhoto.ashx", module: "patient", kind: "ashx", access: "staff", get: photo },
  { path: "/Services/PatientService.asmx", module: "patient", kind: "asmx", access: "staff", service: patientService },
  { path: "/xml/PatientXml.aspx", module: "patient", kind: "xml", access: "staff", get: patientXml },
];
