/** Every bound of this service, each with its reason. */

/** Days a search for free slots or a calendar feed may span; a wider one is cut, as the old application did. */
export const slotDaysMax = 92;

/** Days of slots computed when a FHIR search names no end of them. */
export const slotDaysUnasked = 14;
/** Schedules times days that one search may compute: twenty providers for four weeks. */
export const slotSchedulesDaysMax = 600;
