/** Pools of invented names and places. Accents, apostrophes and hyphens are wanted: they are what breaks copies and exports. */

const words = (text: string): readonly string[] => text.split("|");

export const lastNames = words(
  "GARCÍA|O'BRIEN|SMITH|JOHNSON|WILLIAMS|BROWN|JONES|MILLER|DAVIS|RODRÍGUEZ|MARTÍNEZ|HERNÁNDEZ|LÓPEZ|GONZÁLEZ|WILSON|ANDERSON|" +
    "THOMAS|TAYLOR|MOORE|JACKSON|MARTIN|LEE|PÉREZ|THOMPSON|WHITE|HARRIS|SÁNCHEZ|CLARK|RAMÍREZ|LEWIS|ROBINSON|WALKER|YOUNG|ALLEN|" +
    "KING|WRIGHT|SCOTT|TORRES|NGUYEN|HILL|FLORES|GREEN|ADAMS|NELSON|BAKER|HALL|RIVERA|CAMPBELL|MITCHELL|CARTER|ROBERTS|GÓMEZ|" +
    "PHILLIPS|EVANS|TURNER|DÍAZ|PARKER|CRUZ|EDWARDS|COLLINS|REYES|STEWART|MORRIS|MORALES|MURPHY|COOK|ROGERS|GUTIÉRREZ|ORTIZ|" +
    "D'ANGELO|NUÑEZ|NÚÑEZ|PEÑA|MUÑOZ|IBÁÑEZ|SMITH-JONES|GARCÍA-LÓPEZ|O'CONNOR|MC DONALD|DE LA CRUZ|ST. PIERRE|VAN DYKE|LÉVESQUE|" +
    "KOWALSKI|PATEL|KIM|CHEN|OKAFOR|HAUSER-WEIß|ÅBERG|D'ORSAY-QUIÑONES|FITZGERALD-WORTHINGTON-SMYTHE",
);

export const femaleNames = words(
  "MARÍA|ANA|SOFÍA|LUCÍA|INÉS|MARY|PATRICIA|JENNIFER|LINDA|ELIZABETH|BARBARA|SUSAN|JESSICA|SARAH|KAREN|LISA|NANCY|BETTY|HELEN|" +
    "SANDRA|ASHLEY|EMILY|DONNA|MICHELLE|CAROL|AMANDA|MELISSA|DEBORAH|ANNE-MARIE|RENÉE|ZOË|GRACE|HANNAH|OLIVIA|CHLOÉ|THI|WEI|PRIYA",
);

export const maleNames = words(
  "JOSÉ|JESÚS|ANDRÉS|RAÚL|MARTÍN|JAMES|ROBERT|JOHN|MICHAEL|DAVID|WILLIAM|RICHARD|JOSEPH|THOMAS|CHARLES|DANIEL|MATTHEW|ANTHONY|" +
    "MARK|PAUL|STEVEN|KENNETH|KEVIN|BRIAN|GEORGE|EDWARD|RONALD|TIMOTHY|JEAN-LUC|FRANÇOIS|D'ANDRE|LIAM|NOAH|OWEN|RAJESH|MINH|ADAM",
);

export const streets = words(
  "MAIN ST|OAK AVE|WASHINGTON ST|PROSPECT AVE|ELM ST|CALLE MAYOR|O'HARA LN|MAPLE DR|HIGHLAND AVE|RIVER RD|SCHOOL ST|PLEASANT ST",
);

export const towns: readonly { readonly city: string; readonly zip: string }[] = [
  { city: "SPRINGFIELD", zip: "01103" },
  { city: "HOLYOKE", zip: "01040" },
  { city: "CHICOPEE", zip: "01013" },
  { city: "NORTHAMPTON", zip: "01060" },
  { city: "WESTFIELD", zip: "010851234" },
  { city: "LUDLOW", zip: "01056" },
];

export const visitReasons: Readonly<Record<string, readonly string[]>> = {
  NEWP: words("New patient, establish care|New patient, transfer from Dr. Peña|New patient, just moved"),
  FOLL: words("Follow-up|Blood pressure check|Diabetes follow-up|Review of labs|Medication check|Recheck in 3 months"),
  PHYS: words("Annual physical|School physical|Yearly exam & labs"),
  URGT: words("Sore throat|Cough x 5 days|Ear pain|Back pain|Rash|Burning with urination|Twisted ankle|Stomach pain"),
  TELE: words("Phone: med refill questions|Phone: lab results|Video: anxiety follow-up"),
  PROC: words("Knee injection|Skin lesion removal|Nail removal"),
};
