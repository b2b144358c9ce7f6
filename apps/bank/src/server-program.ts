import { parseAmount } from "@tallyline/ledger";
import { count, createProgram, host, listenPort, parseFlags, runServer, type Service } from "@tallyline/program";
import { InvalidArgumentError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { isLoopback } from "./loopback.ts";
import { USD } from "./opening.ts";
import { createBankServer } from "./server.ts";
import { openStore } from "./store.ts";

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly store: string;
  readonly framing: "line" | "chunk";
  readonly plainAccount: string;
  readonly openingBalance: bigint;
  readonly maxConnections: number;
  readonly insecure: boolean;
}

const program = createProgram({
  name: "bank-server",
  version: manifest.version,
  description: "Serves an account over TCP: check_balance, deposit 50, withdraw 20.",
  logLevel: "info",
})
  .option("--host <address>", "address to listen on", host, "127.0.0.1")
  .option("--port <number>", "TCP port, 0 for a free one", listenPort, 65432)
  .option(
    "--store <url>",
    "where the books are kept: sqlite:PATH, or memory: to forget them",
    "sqlite:.tallyline/bank.db",
  )
  .addOption(
    new Option("--framing <how>", "what ends a request: a line ending, or (unsafe) the end of a read")
      .choices(["line", "chunk"])
      .default("line"),
  )
  .option("--plain-account <name>", "the account that clients work on", "main")
  .addOption(
    new Option("--opening-balance <dollars>", "its balance when it is first opened")
      .argParser(dollars)
      .default(100_000n, "1000"),
  )
  .option("--max-connections <number>", "clients served at once", count, 1000)
  .option("--insecure", "serve plain text to other machines: whoever connects moves the money", false);

const { flags } = parseFlags<Flags>(program);
// A name that cannot be looked up cannot be listened on either; then listening says why.
if (!flags.insecure && !(await isLoopback(flags.host).catch(() => true))) {
  program.error(
    `error: --host ${flags.host} is open to other machines, and whoever connects moves the money; --insecure allows it`,
  );
}
await runServer(program, { start });

async function start(): Promise<Service> {
  const ledger = await openStore(flags.store, [USD]);
  let onLedgerFailure!: (error: unknown) => void;
  const failed = new Promise<unknown>((resolve) => {
    onLedgerFailure = resolve;
  });
  try {
    const server = await createBankServer({
      ledger,
      host: flags.host,
      port: flags.port,
      framing: flags.framing,
      plainAccount: flags.plainAccount,
      openingBalanceMinor: flags.openingBalance,
      maxConnections: flags.maxConnections,
      onLedgerFailure,
    });
    return { listeners: [server], failed, close: () => ledger.close() };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

function dollars(text: string): bigint {
  const amountMinor = parseAmount(text, USD);
  if (amountMinor === undefined)
    throw new InvalidArgumentError("Expected dollars with at most two decimals, such as 1000 or 0.50.");
  return amountMinor;
}
