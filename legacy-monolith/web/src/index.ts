/** The simulated legacy EHR's web application (IIS 7, ASP.NET 2.0 look), on any SQL Server that holds EHRPROD. */

export { createLegacyWeb, type LegacyWeb, type LegacyWebOptions } from "./server.ts";
