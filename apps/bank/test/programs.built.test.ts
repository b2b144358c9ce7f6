import { statSync } from "node:fs";
import { execFile } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { runProgram, startServer, temporaryFolder } from "@tallyline/program/testing";
import { describe, expect, test } from "vitest";
import { connectRaw, startReadOnceBank } from "./raw-peers.ts";

const app = join(import.meta.dirname, "..");
const startBank = (
  args: readonly string[] = ["--store", "memory:"],
  more: { folder?: string; environment?: Record<string, string>; stderr?: string } = {},
) => startServer({ app, program: "bank-server", args: ["--port", "0", ...args], ...more });
const client = (port: number, args: readonly string[], input?: string) =>
  runProgram({
    app,
    program: "bank-client",
    args: ["--port", String(port), ...args],
    ...(input !== undefined && { input }),
  });

describe.concurrent("bank-server", () => {
  test("keeps what it answered through kill -9, in a file that only its owner can read", async () => {
    using folder = temporaryFolder();
    {
      await using bank = await startBank([], { folder: folder.path });
      expect(bank.urls).toEqual([`tcp://127.0.0.1:${bank.ports[0]}`]);
      await using raw = await connectRaw(bank.ports[0]!);
      expect(await raw.ask("deposit 50\n")).toBe("Deposited $50. New balance: $1050\n");
      await bank.stop("SIGKILL");
    }
    expect(statSync(join(folder.path, ".tallyline", "bank.db")).mode & 0o777).toBe(0o600);
    await using bank = await startBank(["--opening-balance", "7"], { folder: folder.path }); // used only when the account is opened
    await using raw = await connectRaw(bank.ports[0]!);
    expect(await raw.ask("check_balance\n")).toBe("Your balance is: $1050\n");
  });

  test("loses no acknowledged deposit of twenty clients to kill -9, and invents none", async () => {
    using folder = temporaryFolder();
    let sent = 0;
    let acknowledged = 0;
    {
      await using bank = await startBank([], { folder: folder.path });
      const deposit = async () => {
        await using raw = await connectRaw(bank.ports[0]!);
        for (;;) {
          sent += 1;
          if (!(await raw.ask("deposit 1\n"))?.startsWith("Deposited $1.")) return;
          acknowledged += 1;
          if (acknowledged === 400) void bank.stop("SIGKILL");
        }
      };
      await Promise.all(Array.from({ length: 20 }, () => deposit().catch(() => {}))); // until the connection breaks
    }
    await using bank = await startBank([], { folder: folder.path });
    await using raw = await connectRaw(bank.ports[0]!);
    const deposits = Number((await raw.ask("check_balance\n"))?.replace("Your balance is: $", "")) - 1000;
    expect(acknowledged).toBeGreaterThanOrEqual(400);
    expect(deposits).toBeGreaterThanOrEqual(acknowledged);
    expect(deposits).toBeLessThanOrEqual(sent);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("ends with exit code 0 at %s, with a client connected", async (signal) => {
    await using bank = await startBank();
    await using raw = await connectRaw(bank.ports[0]!);
    await raw.ask("check_balance\n");
    expect(await bank.stop(signal)).toMatchObject({ exitCode: 0 });
    expect(await raw.read()).toBeUndefined();
  });

  test("takes each flag from the environment too, and the command line wins", async () => {
    await using bank = await startBank(["--opening-balance", "3"], {
      environment: {
        BANK_SERVER_STORE: "memory:",
        BANK_SERVER_FRAMING: "chunk",
        BANK_SERVER_OPENING_BALANCE: "2",
        BANK_SERVER_LOG_LEVEL: "silent",
      },
    });
    await using raw = await connectRaw(bank.ports[0]!);
    expect(await raw.ask("check_balance")).toBe("Your balance is: $3");
    expect(await bank.stop("SIGTERM")).toMatchObject({ stderr: "" });
  });

  test("logs structured records on stderr and prints only its listeners on stdout", async () => {
    await using bank = await startBank();
    const { stdout, stderr } = await bank.stop("SIGTERM");
    expect(stdout).toBe(`bank-server listening on ${bank.urls[0]}`);
    const events = stderr
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["listening", "draining", "drained"]);
  });

  test("says in one line that its port is taken, and which flag chooses another", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const ended = await runProgram({
      app,
      program: "bank-server",
      args: ["--port", String(port), "--store", "memory:"],
    });
    other.close();
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toMatch(
      new RegExp(`^bank-server: .*${port}.*; choose another port with --port or BANK_SERVER_PORT\n$`),
    );
  });

  test("says in one line that its books are in use", async () => {
    using folder = temporaryFolder();
    await using _bank = await startBank([], { folder: folder.path });
    const ended = await runProgram({ app, program: "bank-server", args: ["--port", "0"], folder: folder.path });
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^bank-server: .*bank\.db is in use by process \d+\n$/);
  });

  test.each([
    ["a folder", "sqlite:.", "could not be opened"],
    ["a path in no folder", "sqlite:no/such/bank.db", "could not be opened"],
    ["another database's URL", "redis://localhost", "expected sqlite:PATH, postgres://USER@HOST/DATABASE or memory:"],
  ])("says in one line that %s is no store", async (_what, store, reason) => {
    using folder = temporaryFolder();
    const ended = await runProgram({
      app,
      program: "bank-server",
      args: ["--port", "0", "--store", store],
      folder: folder.path,
    });
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^bank-server: .*\n$/);
    expect(ended.stderr).toContain(reason);
  });

  test("says in one line that a host cannot be listened on", async () => {
    const ended = await runProgram({
      app,
      program: "bank-server",
      args: ["--host", "not a host", "--store", "memory:"],
    });
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^bank-server: .*\n$/);
  });

  test("goes on when nobody reads its log", async () => {
    await using bank = await startBank(undefined, { stderr: "/dev/full" });
    await using raw = await connectRaw(bank.ports[0]!);
    expect(await raw.ask("deposit 1\n")).toBe("Deposited $1. New balance: $1001\n");
    expect(await bank.stop("SIGTERM")).toMatchObject({ exitCode: 0 });
  });

  test("refuses plain text to other machines, unless it is asked for", async () => {
    const open = { app, program: "bank-server", args: ["--host", "0.0.0.0", "--port", "0", "--store", "memory:"] };
    const refused = await runProgram(open);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain("--insecure");
    await using bank = await startServer({ ...open, args: [...open.args, "--insecure"] });
    expect(bank.urls).toEqual([`tcp://0.0.0.0:${bank.ports[0]}`]);
  });

  test.each([
    ["--framing", "xml"],
    ["--opening-balance", "1e3"],
    ["--prot", "1"],
  ])("refuses %s %s with exit code 2", async (...args) => {
    const ended = await runProgram({ app, program: "bank-server", args: ["--store", "memory:", ...args] });
    expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ended.stderr).toContain(args[0]);
  });
});

describe.concurrent("bank-client", () => {
  test("answers one command with the exit code of its answer", async () => {
    await using bank = await startBank();
    const [port] = bank.ports as [number];
    expect(await client(port, ["deposit", "50"])).toEqual({
      exitCode: 0,
      stdout: "Deposited $50. New balance: $1050\n",
      stderr: "",
    });
    expect(await client(port, ["withdraw", "5000"])).toEqual({
      exitCode: 1,
      stdout: "Insufficient funds.\n",
      stderr: "",
    });
    expect(await client(port, ["deposit", "-5"])).toEqual({
      exitCode: 1,
      stdout: "Invalid deposit amount.\n",
      stderr: "",
    });
  });

  test("reads a pipe line by line and ends with the worst exit code", async () => {
    await using bank = await startBank();
    const { exitCode, stdout } = await client(bank.ports[0]!, [], "check_balance\nwithdraw 5000\n\ndeposit 1");
    expect(stdout).toBe(
      "Your balance is: $1000\nInsufficient funds.\nInvalid command.\nDeposited $1. New balance: $1001\n",
    );
    expect(exitCode).toBe(1);
  });

  test("talks to a server that reads once, from a pipe too", async () => {
    await using bank = await startReadOnceBank();
    const ended = await client(bank.port, [], "check_balance\ndeposit 50\n");
    expect(ended).toEqual({
      exitCode: 0,
      stdout: "Your balance is: $1000\nDeposited $50. New balance: $1050\n",
      stderr: "",
    });
  });

  test("ends with exit code 3 and says why when nobody answers, and with 2 when the command line makes no sense", async () => {
    const bank = await startBank();
    await bank.stop("SIGTERM");
    const unanswered = await client(bank.ports[0]!, [], "deposit 1\ndeposit 2\n");
    expect(unanswered).toMatchObject({ exitCode: 3, stdout: "" });
    expect(unanswered.stderr).toMatch(/^bank-client: no connection to tcp:\/\/127\.0\.0\.1:\d+: .+\n$/); // and the second was not tried
    expect(await client(bank.ports[0]!, ["--frame", "x"])).toMatchObject({ exitCode: 2, stdout: "" });
  });

  test("ends with exit code 4 when the server is full", async () => {
    await using bank = await startBank(["--store", "memory:", "--max-connections", "1"]);
    await using raw = await connectRaw(bank.ports[0]!);
    await raw.ask("check_balance\n");
    const turnedAway = await client(bank.ports[0]!, [], "deposit 1\ndeposit 1\n");
    expect(turnedAway).toMatchObject({ exitCode: 4, stdout: "" });
    expect(turnedAway.stderr).toMatch(/^bank-client: .* takes no commands: .+\n$/);
  });

  test("takes a line ending, and nothing else, for the end of a command", async () => {
    await using bank = await startBank();
    const { stdout } = await client(bank.ports[0]!, [], "deposit 1\u2028withdraw 5\r\ncheck_balance\r\n");
    expect(stdout).toBe("Invalid deposit amount.\nYour balance is: $1000\n");
  });

  test("ends quietly when nobody reads on", async () => {
    await using bank = await startBank();
    const command = `yes check_balance | head -200 | "${process.execPath}" dist/bank-client.cjs --port ${bank.ports[0]} | head -1`;
    const { stdout, stderr } = await promisify(execFile)("sh", ["-c", command], { cwd: app });
    expect({ stdout, stderr }).toEqual({ stdout: "Your balance is: $1000\n", stderr: "" });
  });

  test.runIf(process.platform === "linux")(
    "answers a person at a terminal, also what was typed ahead of Ctrl-D",
    async () => {
      await using bank = await startBank();
      const command = `"${process.execPath}" dist/bank-client.cjs --port ${bank.ports[0]}`;
      const terminal = execFile("script", ["-qec", command, "/dev/null"], { cwd: app });
      let stdout = "";
      terminal.stdout!.on("data", (shown: string) => {
        if (stdout === "") terminal.stdin!.write("check_balance\n\ndeposit 5\n\u0004"); // all at once, at the first prompt
        stdout += shown;
      });
      await once(terminal, "exit");
      expect(stdout).toContain("bank> ");
      expect(stdout).toContain("Your balance is: $1000");
      expect(stdout).toContain("Deposited $5. New balance: $1005");
      expect(terminal.exitCode).toBe(0);
    },
  );
});
