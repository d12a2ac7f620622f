/** Bad input once more, with patient and scheduling modules live: at every address, through the proxy, to either side. */

import { targetServices } from "./target.ts";

targetServices();
await import("./hostile-input.contract.test.ts");
