import type { Area } from "./area.ts";
import { bank } from "./bank.ts";
import { calculator } from "./calculator.ts";
import { calls } from "./calls.ts";
import { echo } from "./echo.ts";
import { expression } from "./expression.ts";
import { growth } from "./growth.ts";
import { ledger } from "./ledger.ts";
import { start } from "./start.ts";

/** In the order of the page. */
export const areas: readonly Area[] = [echo, calls, calculator, expression, ledger, growth, bank, start];
