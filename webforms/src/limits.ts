/** Every bound of the web forms in one place, each with its reason. */

/** ASP.NET's default `maxRequestLength`: a larger body is answered 500 "Maximum request length exceeded." */
export const bodyBytesMax = 4 * 1024 * 1024;

/** IIS 7's default `maxAllowedContentLength`: a larger announced body is answered 404 (404.13) unread. */
export const announcedBodyBytesMax = 30_000_000;

/** Fields of one form; .NET 2.0 had no bound of its own, the patch of 2011 set 1,000. */
export const formFieldsMax = 1_000;

/** Nesting of an XML body; a SOAP call of this application nests four deep. */
export const xmlDepthMax = 32;
