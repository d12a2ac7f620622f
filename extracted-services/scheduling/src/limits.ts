/** Every bound of this service, each with its reason. */

/** Days a search for free slots or a calendar feed may span; a wider one is cut, as the old application did. */
export const slotDaysMax = 92;
