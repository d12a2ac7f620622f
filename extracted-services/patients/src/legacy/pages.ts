/**
 * Patient search, record, chart and what partner systems read, at their old addresses. Merging two records repoints fourteen
 * tables of every module in one transaction: by rule that page stays with the legacy side.
 */

import type { StaffRole } from "@banyan/service-kit";
import { breakGlass, breakGlassForm } from "./break-glass.ts";
import { chart } from "./chart.ts";
import type { PatientsPage } from "./context.ts";
import { patientDetail } from "./detail.ts";
import { editForm, saveEdit } from "./edit.ts";
import { patientService } from "./find-patients.ts";
import { newForm, saveNew } from "./new.ts";
import { patientXml } from "./patient-xml.ts";
import { photo } from "./photo.ts";
import { postSearch, search } from "./search.ts";

/** Everyone but the lab bench and the report readers may change demographics. */
const registrars: readonly StaffRole[] = ["FDSK", "NURS", "PHYS", "BILL", "ADMN"];

export const patientPages: readonly PatientsPage[] = [
  {
    path: "/Patient/PatSearch.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    does: { get: "patient.search", post: "patient.search" },
    get: search,
    post: postSearch,
  },
  {
    path: "/Patient/PatDetail.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    does: { get: "patient.read" },
    get: patientDetail,
  },
  {
    path: "/Patient/PatEdit.aspx",
    module: "patient",
    kind: "html",
    access: registrars,
    does: { get: "patient.edit-form", post: "patient.edit" },
    get: editForm,
    post: saveEdit,
  },
  {
    path: "/Patient/PatNew.aspx",
    module: "patient",
    kind: "html",
    access: registrars,
    does: { get: "patient.register-form", post: "patient.register" },
    get: newForm,
    post: saveNew,
  },
  {
    path: "/Patient/Chart.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    does: { get: "patient.chart" },
    get: chart,
  },
  {
    path: "/Patient/BreakGlass.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    does: { get: "patient.break-glass-form", post: "patient.break-glass" },
    get: breakGlassForm,
    post: breakGlass,
  },
  {
    path: "/Handlers/PatPhoto.ashx",
    module: "patient",
    kind: "ashx",
    access: "staff",
    does: { get: "patient.photo" },
    get: photo,
  },
  {
    path: "/Services/PatientService.asmx",
    module: "patient",
    kind: "asmx",
    access: "staff",
    does: { get: "patient.describe", methods: { FindPatients: "patient.search" } },
    service: patientService,
  },
  {
    path: "/xml/PatientXml.aspx",
    module: "patient",
    kind: "xml",
    access: "staff",
    does: { get: "patient.export" },
    get: patientXml,
  },
];
