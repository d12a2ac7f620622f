/** Synthea writes states out; the legacy columns hold the two letters of the postal service. */

const states: Readonly<Record<string, string>> = Object.fromEntries(
  (
    "Alabama AL|Alaska AK|Arizona AZ|Arkansas AR|California CA|Colorado CO|Connecticut CT|Delaware DE|" +
    "District of Columbia DC|Florida FL|Georgia GA|Hawaii HI|Idaho ID|Illinois IL|Indiana IN|Iowa IA|Kansas KS|Kentucky KY|" +
    "Louisiana LA|Maine ME|Maryland MD|Massachusetts MA|Michigan MI|Minnesota MN|Mississippi MS|Missouri MO|Montana MT|" +
    "Nebraska NE|Nevada NV|New Hampshire NH|New Jersey NJ|New Mexico NM|New York NY|North Carolina NC|North Dakota ND|" +
    "Ohio OH|Oklahoma OK|Oregon OR|Pennsylvania PA|Puerto Rico PR|Rhode Island RI|South Carolina SC|South Dakota SD|" +
    "Tennessee TN|Texas TX|Utah UT|Vermont VT|Virginia VA|Washington WA|West Virginia WV|Wisconsin WI|Wyoming WY"
  )
    .split("|")
    .map((entry) => [entry.slice(0, -3).toUpperCase(), entry.slice(-2)]),
);

/** Two letters; empty when the name is none of the United States. */
export function stateCode(name: string): string {
  return /^[A-Za-z]{2}$/.test(name) ? name.toUpperCase() : (states[name.toUpperCase()] ?? "");
}
