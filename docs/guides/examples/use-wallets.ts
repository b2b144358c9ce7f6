import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balanceMinor } from "@tallyline/ledger";
import { buy, openWallet, openWallets, topUp } from "./wallets.ts";

const folder = mkdtempSync(join(tmpdir(), "wallets-"));
const path = join(folder, "books.db");
{
  await using ledger = await openWallets(path);
  await openWallet(ledger, "anna");
  const first = await topUp(ledger, "anna", 2000n, "991");
  const again = await topUp(ledger, "anna", 2000n, "991"); // the provider was not sure that we heard it
  console.log("top up:", first.ok, again.replayed);
  console.log("buy:", (await buy(ledger, "anna", 750n, "1")).ok);
  const dear = await buy(ledger, "anna", 5000n, "2");
  if (!dear.ok) console.log("buy:", dear.code, dear.availableMinor);
}
// The process ended; another one opens the same file.
{
  await using ledger = await openWallets(path);
  console.log("balance:", balanceMinor((await ledger.account("anna"))!));
  console.log("the same order again:", (await buy(ledger, "anna", 750n, "1")).replayed);
  for (const { side, amountMinor, balanceMinor: after } of (await ledger.statement("anna"))!.entries)
    console.log("statement:", side, amountMinor, after);
  console.log("books are right:", (await ledger.verify()).ok);
}
rmSync(folder, { recursive: true });
