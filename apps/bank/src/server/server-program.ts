import { parseAmount, type Currency } from "@tallyline/ledger";
import {
  count,
  createProgram,
  host,
  listenPort,
  parseFlags,
  runServer,
  type Log,
  type Service,
} from "@tallyline/program";
import type { TcpServer } from "@tallyline/tcp";
import { InvalidArgumentError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { currencyList } from "./currency-flag.ts";
import type { HealthServer } from "./health.ts";
import { isLoopback } from "./loopback.ts";
import { USD } from "./opening.ts";
import { createBankServer, type BankServerOptions } from "./server.ts";
import { openStore } from "./store.ts";
import { readTlsFiles } from "./tls-files.ts";
import { Users } from "./users.ts";

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly store: string;
  readonly framing: "line" | "chunk";
  readonly plainAccount: string;
  readonly openingBalance: bigint;
  readonly maxConnections: number;
  readonly insecure: boolean;
  readonly users: string;
  readonly currencies: readonly [Currency, ...Currency[]];
  readonly tlsHost?: string;
  readonly tlsPort: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly healthHost?: string;
  readonly healthPort?: number;
}

const program = createProgram({
  name: "bank-server",
  version: manifest.version,
  description: "Serves a bank over TCP and TLS. `bank-server users --help` is about who may use it.",
  logLevel: "info",
})
  .option("--host <address>", "address to listen on", host, "127.0.0.1")
  .option("--port <number>", "TCP port, 0 for a free one", listenPort, 65432)
  .option(
    "--store <url>",
    "where the books are kept: sqlite:PATH, postgres://USER@HOST/DATABASE, or memory: to forget them",
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
  .option(
    "--users <file>",
    "who may use the bank; while nobody is in it, whoever is at this machine",
    ".tallyline/users.db",
  )
  .addOption(
    new Option("--currencies <list>", "that accounts may have, besides USD: EUR,JPY or CODE:DECIMALS")
      .argParser(currencyList)
      .default([USD], "USD"),
  )
  .option("--tls-cert <file>", "certificate chain (PEM): serves TLS too; SIGHUP reads it again")
  .option("--tls-key <file>", "its private key (PEM)")
  .option("--tls-host <address>", "address to serve TLS on, like --host", host)
  .option("--tls-port <number>", "port to serve TLS on, 0 for a free one", listenPort, 65435)
  .option("--tls-client-ca <file>", "authorities (PEM) that clients' certificates must come from")
  .option("--health-port <number>", "answers probes over HTTP: GET /livez and GET /readyz", listenPort)
  .option("--health-host <address>", "address to answer them on, like --host", host)
  .option("--insecure", "serve plain text to other machines: whoever connects moves the money", false);

const { flags } = parseFlags<Flags>(program);
let tlsUrl: string | undefined;

/** `bank-server` without a command: serves until it is stopped. */
export async function serve(): Promise<void> {
  // A name that cannot be looked up cannot be listened on either; then listening says why.
  if (!flags.insecure && !(await isLoopback(flags.host).catch(() => true))) {
    program.error(
      `error: --host ${flags.host} is open to other machines, and whoever connects moves the money; --insecure allows it`,
    );
  }
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    program.error("error: --tls-cert and --tls-key are given together or not at all");
  }
  await runServer(program, { start, portFlag });
}

function portFlag(url: string): string {
  if (url.startsWith("http:")) return "--health-port";
  return url === tlsUrl ? "--tls-port" : "--port";
}

async function start(log: Log): Promise<Service> {
  let isStoreReady = true;
  const ledger = await openStore(flags.store, flags.currencies, {
    onReadiness: (isReady, reason) => {
      isStoreReady = isReady;
      if (isReady) log.info({ event: "store-ready" });
      else log.error({ event: "store-away", err: reason });
    },
  });
  const users = new Users(flags.users);
  const close = async (): Promise<void> => {
    users[Symbol.dispose]();
    await ledger.close();
  };
  let onLedgerFailure!: (error: unknown) => void;
  const failed = new Promise<unknown>((resolve) => {
    onLedgerFailure = resolve;
  });
  const options: BankServerOptions = {
    ledger,
    users,
    currencies: flags.currencies,
    framing: flags.framing,
    plainAccount: flags.plainAccount,
    openingBalanceMinor: flags.openingBalance,
    maxConnections: flags.maxConnections,
    onLedgerFailure,
    onEvent: (event) => log.warn(event),
  };
  const servers: TcpServer[] = [];
  try {
    servers.push(await createBankServer({ ...options, host: flags.host, port: flags.port }));
    const tls = await startTls(options, log);
    const health = await startHealth(() => isStoreReady);
    return {
      listeners: [...servers, ...(tls === undefined ? [] : [tls]), ...(health === undefined ? [] : [health])],
      failed,
      close: async () => {
        await close();
        await health?.close();
      },
    };
  } catch (error) {
    await Promise.all(servers.map((server) => server.drain()));
    await close();
    throw error;
  }
}

async function startTls(options: BankServerOptions, log: Log): Promise<Service["listeners"][number] | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa, tlsHost = flags.host, tlsPort: port } = flags;
  if (cert === undefined || key === undefined) return undefined;
  const files = { cert, key, clientCa };
  tlsUrl = `tcp://${tlsHost}:${port}`;
  const server = await createBankServer({ ...options, host: tlsHost, port, tls: await readTlsFiles(files) });
  process.on("SIGHUP", () => {
    readTlsFiles(files)
      .then((certificate) => server.setCertificate(certificate))
      .then(
        () => log.info({ event: "certificate-read" }),
        (error: unknown) => log.error({ event: "certificate-unreadable", err: error }), // the old one stays in use
      );
  });
  return { url: server.url.replace(/^tcp:/, "tls:"), drain: () => server.drain() };
}

async function startHealth(isReady: () => boolean): Promise<HealthServer | undefined> {
  if (flags.healthPort === undefined) return undefined;
  const { startHealthServer } = await import("./health.ts");
  return startHealthServer({ host: flags.healthHost ?? flags.host, port: flags.healthPort, isReady });
}

function dollars(text: string): bigint {
  const amountMinor = parseAmount(text, USD);
  if (amountMinor === undefined)
    throw new InvalidArgumentError("Expected dollars with at most two decimals, such as 1000 or 0.50.");
  return amountMinor;
}
