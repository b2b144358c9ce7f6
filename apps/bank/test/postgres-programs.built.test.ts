import { join } from "node:path";
import { findPostgres, startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import { runProgram, startServer, temporaryFolder } from "@tallyline/program/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRaw } from "./raw-peers.ts";

const app = join(import.meta.dirname, "..");

describe.skipIf(findPostgres() === undefined)("the programs on PostgreSQL", { timeout: 120_000 }, () => {
  let database: PostgresServer;
  beforeAll(async () => {
    database = await startPostgres();
  }, 120_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const run = (folder: string, ...args: string[]) => runProgram({ app, program: "bank-server", args, folder });
  const start = (folder: string, ...args: string[]) =>
    startServer({ app, program: "bank-server", args: ["--port", "0", ...args], folder });

  test("the books of a file go on in a database: the same head, the same balance, on two servers at once", async () => {
    using folder = temporaryFolder();
    const store = database.url();
    {
      await using bank = await start(folder.path);
      await using raw = await connectRaw(bank.ports[0]!);
      await raw.ask("deposit 50\n");
      await raw.ask("withdraw 5000\n");
    }
    const inFile = await run(folder.path, "verify");
    const early = await run(folder.path, "--port", "0", "--store", store);
    expect(early).toMatchObject({ exitCode: 1, stdout: "" });
    expect(early.stderr).toContain("there is no ledger in the schema tallyline");

    const migrated = await run(folder.path, "migrate", "--store", store, "--from", "sqlite:.tallyline/bank.db");
    expect(migrated).toMatchObject({ exitCode: 0, stdout: inFile.stdout.replace("verified", "migrated") });
    expect(await run(folder.path, "verify", "--store", store)).toMatchObject({ exitCode: 0, stdout: inFile.stdout });
    const twice = await run(folder.path, "migrate", "--store", store, "--from", "sqlite:.tallyline/bank.db");
    expect(twice).toMatchObject({ exitCode: 1 });
    expect(twice.stderr).toContain("has a ledger in use");

    await using one = await start(folder.path, "--store", store);
    await using other = await start(folder.path, "--store", store);
    await using left = await connectRaw(one.ports[0]!);
    await using right = await connectRaw(other.ports[0]!);
    expect(await left.ask("deposit 7\n")).toBe("Deposited $7. New balance: $1057\n");
    expect(await right.ask("withdraw 57\n")).toBe("Withdrew $57. New balance: $1000\n");
  });

  test("who probes it hears whether it is ready, which follows the database", async () => {
    using folder = temporaryFolder();
    const store = `${database.url()}&schema=probed`;
    await run(folder.path, "migrate", "--store", store);
    const args = ["--port", "0", "--health-port", "0", "--store", store];
    const program = { app, program: "bank-server", args, folder: folder.path };
    await using bank = await startServer({ ...program, listenerCount: 2 });
    const [, url] = bank.urls;
    const ask = async (path: string, method = "GET") => {
      const response = await fetch(`${url}${path}`, { method });
      return `${response.status} ${await response.text()}`;
    };
    const until = async (expected: string) => {
      while ((await ask("/readyz")) !== expected);
    };
    expect(await ask("/readyz")).toBe("200 ready\n");
    expect(await ask("/livez")).toBe("200 alive\n");
    expect(await ask("/")).toBe("404 /livez or /readyz\n");
    expect(await ask("/readyz", "POST")).toBe("405 GET or HEAD\n");
    await database.stop();
    await until("503 the store is away\n");
    expect(await ask("/livez")).toBe("200 alive\n");
    await database.start();
    await until("200 ready\n");
    expect(await bank.stop("SIGTERM")).toMatchObject({ exitCode: 0 });
  });

  test("a store URL with a mistake is refused, and says where", async () => {
    using folder = temporaryFolder();
    const mistake = await run(folder.path, "--store", "postgres://localhost/bank?isolation=none");
    expect(mistake).toMatchObject({ exitCode: 1 });
    expect(mistake.stderr).toContain("store has isolation=none, expected read committed or serializable");
  });
});
