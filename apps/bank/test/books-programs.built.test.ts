import { existsSync } from "node:fs";
import { join } from "node:path";
import { runProgram, startServer, temporaryFolder } from "@tallyline/program/testing";
import { expect, test } from "vitest";
import { connectRaw } from "./raw-peers.ts";

const app = join(import.meta.dirname, "..");
const run = (folder: string, args: readonly string[]) => runProgram({ app, program: "bank-server", args, folder });
const start = (folder: string) => startServer({ app, program: "bank-server", args: ["--port", "0"], folder });

test("books are verified and backed up under a running server, and restored where there are none", async () => {
  using here = temporaryFolder();
  using there = temporaryFolder();
  const copy = join(here.path, "copy.db");
  {
    await using bank = await start(here.path);
    await using raw = await connectRaw(bank.ports[0]!);
    await raw.ask("deposit 50\n");
    const verified = await run(here.path, ["verify"]);
    expect(verified.exitCode).toBe(0);
    expect(verified.stdout).toMatch(/^verified seq=5 head=[0-9a-f]{64}\n$/);

    const copied = await run(here.path, ["backup", copy]);
    expect(copied.stdout).toBe(verified.stdout.replace("verified", "copied"));
    await raw.ask("deposit 7\n"); // after the backup, and so not in it

    const restored = await run(there.path, ["restore", copy, "--store", "sqlite:bank.db"]);
    expect(restored.stdout).toBe(verified.stdout.replace("verified", "restored"));
  }
  await using bank = await startServer({
    app,
    program: "bank-server",
    args: ["--port", "0", "--store", "sqlite:bank.db"],
    folder: there.path,
  });
  await using raw = await connectRaw(bank.ports[0]!);
  expect(await raw.ask("check_balance\n")).toBe("Your balance is: $1050\n");
});

test("what cannot be done is said in one line, and nothing is overwritten", async () => {
  using folder = temporaryFolder();
  const missing = await run(folder.path, ["verify", "--store", "sqlite:none.db"]);
  expect(missing).toMatchObject({ exitCode: 1, stdout: "" });
  expect(missing.stderr).toMatch(/^bank-server-verify: .*none\.db could not be opened: .*\n$/);
  expect(existsSync(join(folder.path, "none.db"))).toBe(false);

  await (await start(folder.path)).stop("SIGTERM");
  const again = await run(folder.path, ["restore", ".tallyline/bank.db"]);
  expect(again).toMatchObject({ exitCode: 1 });
  expect(again.stderr).toMatch(/bank\.db is there already\n$/);
  expect(await run(folder.path, ["backup"])).toMatchObject({ exitCode: 2 });
});
