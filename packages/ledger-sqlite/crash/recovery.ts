import { openSqliteLedger } from "@tallyline/ledger-sqlite";
import { currencies } from "./commands.ts";
import { History } from "./history.ts";
import type { Oracle } from "./oracle.ts";
import { blank, type Verdict } from "./verdict.ts";

/** How far the clock is moved between what was sent and what is asked, so that some holds expire in between. */
export const STEP_MS = 1000;

/** Opens a ledger after a crash as a restarted server would, and has it judged. */
export async function judge(path: string, oracle: Oracle, history: History, sentMs: number): Promise<Verdict> {
  const askedMs = sentMs + STEP_MS;
  try {
    const ledger = await openSqliteLedger({ path, currencies, now: () => askedMs });
    try {
      return await oracle.check(ledger, history, sentMs, askedMs);
    } finally {
      await ledger.close();
    }
  } catch (error) {
    const acknowledged = history.acknowledged.size;
    return { ...blank, acknowledged, unopened: [`${acknowledged} answers: ${String(error)}`] };
  }
}
