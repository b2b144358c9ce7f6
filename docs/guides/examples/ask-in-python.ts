import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createBankServer } from "@tallyline/bank";
import { createMemoryLedger } from "@tallyline/ledger";

const now = () => Date.parse("2026-05-31T09:00:00Z"); // a clock that stands still, so that replies can be compared
const ledger = createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now });
await using bank = await createBankServer({ ledger, port: 0 });

const program = join(import.meta.dirname, "deposit.py");
const { stdout } = await promisify(execFile)("python3", [program, `${bank.port}`]);
console.log(stdout.trimEnd());
