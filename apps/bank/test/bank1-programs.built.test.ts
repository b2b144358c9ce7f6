import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createTcpFaultProxy } from "@tallyline/testkit/proxies";
import { runProgram, startServer, temporaryFolder } from "@tallyline/program/testing";
import { describe, expect, test } from "vitest";
import { connectRaw } from "./raw-peers.ts";

const app = join(import.meta.dirname, "..");
const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);

/** A folder for a bank and its clients, with what they keep. */
function bankFolder() {
  const folder = temporaryFolder();
  const environment = { XDG_STATE_HOME: join(folder.path, "state") };
  const run = (program: string, args: readonly string[], more: { input?: string; environment?: object } = {}) =>
    runProgram({
      app,
      program,
      args,
      folder: folder.path,
      environment: { ...environment, ...more.environment },
      ...(more.input !== undefined && { input: more.input }),
    });
  return {
    path: folder.path,
    environment,
    serve: (args: readonly string[] = [], listenerCount = 1) =>
      startServer({ app, program: "bank-server", args: ["--port", "0", ...args], folder: folder.path, listenerCount }),
    client: (port: number, args: readonly string[], more?: { input?: string; environment?: object }) =>
      run("bank-client", ["--port", String(port), ...args], more),
    users: (args: readonly string[], more?: { input?: string; environment?: object }) =>
      run("bank-server", ["users", ...args], more),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

// Programs start one after the other, each with a hash or two: on a busy machine that takes its time.
describe.concurrent("bank-client with a bank that speaks bank/1", { timeout: 180_000 }, () => {
  test("opens accounts, moves money and shows a statement as a table", async () => {
    using folder = bankFolder();
    await using bank = await folder.serve();
    const input = [
      "open alice currency=USD id=o",
      'transfer main alice 12.50 id=t memo="rent \u202e May"',
      "hold alice main 2 id=h",
      "balance alice",
      "statement alice",
      "holds alice",
      "lookup id=t",
      "settle id=never",
      "withdraw alice 500 id=w",
      "transfer main alice 1 dry_run=1",
      "deposit alice 1 if_version=x",
      "deposits 5",
      "deposit main 5 6",
      "check_balance",
      "deposit 0.10",
    ].join("\n");
    const { stdout, exitCode } = await folder.client(bank.ports[0]!, [], { input });
    expect(exitCode).toBe(1);
    expect(stdout.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "TIME")).toBe(
      [
        "Done: number 5 at TIME (id o).",
        "  alice: 0 USD",
        "Done: number 6 at TIME (id t).",
        "  main: 987.5 USD",
        "  alice: 12.5 USD",
        "Done: number 7 at TIME (id h).",
        "  alice: 12.5 USD, 10.5 available",
        "  main: 987.5 USD",
        "  hold h: 2 USD from alice to main, held",
        "alice: 12.5 USD, 10.5 available",
        "alice in USD, opening balance 0",
        "#  time                      credit  balance  memo",
        "1  TIME    12.5     12.5  rent \\u{202e} May",
        "closing balance 12.5",
        "hold  from   to    left  of",
        "h     alice  main     2   2  USD",
        "Done before: number 6 at TIME (id t).",
        "  main: 987.5 USD",
        "  alice: 12.5 USD",
        "Not done, and it never will be under this id (never): try again with another one.",
        "Declined: Insufficient funds. (INSUFFICIENT_FUNDS, account alice, available 10.5 USD)",
        "It would be done:",
        "  main: 986.5 USD",
        "  alice: 13.5 USD, 11.5 available",
        "Not understood: if_version is not a whole number from 0 to 9007199254740991. (ARGUMENT_INVALID)",
        "Invalid command.",
        "Invalid deposit amount.",
        "Your balance is: $987.5",
        "Deposited $0.1. New balance: $987.6",
        "",
      ].join("\n"),
    );
  });

  test("answers scripts in JSON, a line for each question", async () => {
    using folder = bankFolder();
    await using bank = await folder.serve();
    const { stdout } = await folder.client(bank.ports[0]!, ["--json"], {
      input: "check_balance\nwithdraw 5000\nnonsense\n",
    });
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(answers).toMatchObject([
      { class: "OK", code: "BALANCE", booked: "1000" },
      { kind: "declined", code: "INSUFFICIENT_FUNDS", isFinal: true },
      { class: "BAD", code: "UNKNOWN_COMMAND" },
    ]);
  });

  test("typed again after it was killed, finishes the same command and does it once", async () => {
    using folder = bankFolder();
    await using bank = await folder.serve();
    // The welcome and the request get through; the answer is cut off in its middle, and nothing more comes.
    await using proxy = await createTcpFaultProxy({
      target: { port: bank.ports[0]! },
      faults: { toClient: { stallAfterBytes: 80 } },
    });
    const path = join(app, "dist", "bank-client.cjs");
    const child = execFile(process.execPath, [path, "--port", String(proxy.port), "deposit", "5"], {
      cwd: folder.path,
      env: { ...process.env, ...folder.environment },
    });
    await using raw = await connectRaw(bank.ports[0]!);
    while ((await raw.ask("check_balance\n")) !== "Your balance is: $1005\n");
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    proxy.setFaults({});
    const again = await folder.client(proxy.port, ["deposit", "5"]);
    expect(again.stdout).toBe("Deposited $5. New balance: $1005\n");
    expect(again.stderr).toMatch(/^bank-client: finishing the same command, interrupted at \d{4}-/);
    // From here on it is a new one.
    expect((await folder.client(proxy.port, ["deposit", "5"])).stdout).toBe("Deposited $5. New balance: $1010\n");
  });

  test.runIf(process.platform === "linux")(
    "completes commands and keys at a terminal, and remembers lines",
    async () => {
      using folder = bankFolder();
      await using bank = await folder.serve();
      const command = `"${process.execPath}" ${join(app, "dist", "bank-client.cjs")} --port ${bank.ports[0]}`;
      const env = { ...process.env, ...folder.environment };
      /** Presses keys as soon as something is shown, one after the other: what comes all at once is taken for pasted. */
      const type = async (...steps: readonly (readonly [shown: string, keys: string])[]): Promise<string> => {
        const terminal = execFile("script", ["-qec", command, "/dev/null"], { cwd: folder.path, env });
        const due = [...steps];
        let shown = "";
        terminal.stdout!.on("data", (text: string) => {
          shown += text;
          const [step] = due;
          if (step === undefined || !shown.includes(step[0])) return;
          terminal.stdin!.write(step[1]);
          due.shift();
        });
        await once(terminal, "exit");
        return shown;
      };
      const completed = await type(
        ["bank> ", "bala"],
        ["bala", "\t"],
        ["balance ", "main\n"],
        ["main: 1000 USD", "quit\n"],
      );
      expect(completed).toContain("main: 1000 USD");
      expect(readFileSync(join(folder.path, "state/tallyline/bank-history"), "utf8")).toBe("balance main\n");
      const up = "\u001b[A";
      expect(await type(["bank> ", up], ["balance main", "\n"], ["1000 USD", "quit\n"])).toContain("main: 1000 USD");
    },
  );

  test("gets in with a password from a file, and neither log nor error shows it", async () => {
    using folder = bankFolder();
    await using bank = await folder.serve();
    const [port] = bank.ports as [number];
    const secret = join(folder.path, "secret");
    writeFileSync(secret, "correct horse\n");
    expect(
      await folder.users(["add", "olga", "--role", "operator", "--account", "main", "--password-file", secret]),
    ).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
    expect((await folder.users(["list"])).stdout).toBe("olga role=operator account=main password=yes\n");

    // From here on the running bank asks who is there.
    expect(await folder.client(port, ["balance"])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining("AUTH_REQUIRED"),
    });
    const answer = { exitCode: 0, stdout: "Your balance is: $1000\n", stderr: "" };
    expect(await folder.client(port, ["--user", "olga", "--password-file", secret, "check_balance"])).toEqual(answer);
    const wrong = await folder.client(port, ["--user", "olga", "check_balance"], {
      environment: { BANK_CLIENT_PASSWORD: "x1y2z3" },
    });
    expect(wrong).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("AUTH_FAILED") });
    expect(wrong.stderr).not.toContain("x1y2z3");
    const { stderr } = await bank.stop("SIGTERM");
    expect(stderr).toContain('"event":"auth-failed","user":"olga","address":"127.0.0.1"');
    expect(stderr).not.toMatch(/correct horse|x1y2z3/);
  });

  test("takes a password from the environment or standard input too, and users that were removed are nobody", async () => {
    using folder = bankFolder();
    await using bank = await folder.serve();
    const [port] = bank.ports as [number];
    const piped = { input: "correct horse\n" };
    await folder.users(["add", "olga", "--role", "operator", "--account", "main", "--password-file", "-"], piped);
    const answer = { exitCode: 0, stdout: "Your balance is: $1000\n", stderr: "" };
    const environment = { BANK_CLIENT_PASSWORD: "correct horse" };
    expect(await folder.client(port, ["--user", "olga", "check_balance"], { environment })).toEqual(answer);
    expect(await folder.client(port, ["--user", "olga", "--password-file", "-", "check_balance"], piped)).toEqual(
      answer,
    );
    expect(await folder.users(["remove", "olga"])).toMatchObject({ exitCode: 0 });
    const gone = { exitCode: 1, stderr: "bank-server-users: there is no user olga\n" };
    expect(await folder.users(["remove", "olga"])).toMatchObject(gone);
  });

  test.each([
    [["add", "local", "--without-password"], "cannot be a user's name"],
    [["add", "a b", "--without-password"], "cannot be a user's name"],
    [["add", "alice", "--role", "king"], "king"],
    [["add", "alice", "--allow", "bob"], "ACCOUNT:view or ACCOUNT:pay"],
    [["rename", "alice"], "unknown action rename"],
  ])("bank-server users %j is refused with exit code 2", async (args, reason) => {
    using folder = bankFolder();
    const refused = await folder.users(args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain(reason);
  });
});

describe.concurrent("a bank with a certificate", { timeout: 180_000 }, () => {
  test("serves TLS beside plain text, to users by certificate too, and reads the certificate again at SIGHUP", async () => {
    using folder = bankFolder();
    const [cert, key] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
    copyFileSync(fixture("server"), cert);
    copyFileSync(fixture("server-key"), key);
    const ca = fixture("authority");
    const args = ["--tls-port", "0", "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", ca];
    await using bank = await folder.serve(args, 2);
    const [, tlsPort] = bank.ports as [number, number];
    expect(bank.urls[1]).toBe(`tls://127.0.0.1:${tlsPort}`);
    await folder.users([
      "add",
      "alice",
      "--role",
      "operator",
      "--account",
      "main",
      "--certificate",
      "alice",
      "--without-password",
    ]);
    const own = ["--tls-ca", ca, "--tls-cert", fixture("alice"), "--tls-key", fixture("alice-key")];
    expect(await folder.client(tlsPort, [...own, "deposit", "5"])).toEqual({
      exitCode: 0,
      stdout: "Deposited $5. New balance: $1005\n",
      stderr: "",
    });

    const serialNow = () =>
      new Promise<string>((resolve, reject) => {
        const options = {
          ca: readFileSync(ca),
          cert: readFileSync(fixture("alice")),
          key: readFileSync(fixture("alice-key")),
        };
        const socket = connectTls({ port: tlsPort, servername: "localhost", ...options }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on("error", reject);
      });
    const before = await serialNow();
    copyFileSync(fixture("renewed"), cert);
    copyFileSync(fixture("renewed-key"), key);
    bank.signal("SIGHUP");
    while ((await serialNow()) === before); // it is read in its own time
    writeFileSync(cert, "no certificate");
    bank.signal("SIGHUP");
    expect(await folder.client(tlsPort, [...own, "check_balance"])).toMatchObject({ exitCode: 0 });
    const { stderr, exitCode } = await bank.stop("SIGTERM");
    expect(exitCode).toBe(0);
    expect(stderr).toContain('"event":"certificate-read"');
    expect(stderr).toContain('"event":"certificate-unreadable"');
  });

  test.each([
    [["--tls-cert", "x.pem"], 2, "--tls-cert and --tls-key are given together"],
    [["--tls-cert", "x.pem", "--tls-key", "x.pem"], 1, "x.pem"],
    [["--currencies", "USD,usd"], 2, "CODE:DECIMALS"],
    [["--currencies", "EUR,EUR"], 2, "twice"],
  ])("%j is refused with exit code %i", async (args, exitCode, reason) => {
    using folder = bankFolder();
    const all = ["--store", "memory:", "--port", "0", ...args];
    const refused = await runProgram({ app, program: "bank-server", args: all, folder: folder.path });
    expect(refused).toMatchObject({ exitCode, stdout: "" });
    expect(refused.stderr).toContain(reason);
  });

  test("keeps accounts in other currencies, with their own decimals", async () => {
    using folder = bankFolder();
    await using bank = await folder.serve(["--currencies", "EUR,JPY,GOLD:4"]);
    const input = ["open jp currency=JPY id=o", "deposit jp 500 id=d", "deposit jp 0.5", "open au currency=GOLD id=p"];
    input.push("deposit au 0.0001 id=e", "transfer jp main 5");
    const { stdout } = await folder.client(bank.ports[0]!, [], { input: input.join("\n") });
    expect(stdout.replaceAll(/Done: .*/g, "Done")).toBe(
      [
        "Done",
        "  jp: 0 JPY",
        "Done",
        "  @cash:JPY: 500 JPY",
        "  jp: 500 JPY",
        "Not understood: The amount has more decimals than its currency. (AMOUNT_PRECISION)",
        "Done",
        "  au: 0 GOLD",
        "Done",
        "  @cash:GOLD: 0.0001 GOLD",
        "  au: 0.0001 GOLD",
        "Declined: Debits and credits differ. (UNBALANCED)",
        "",
      ].join("\n"),
    );
  });
});
