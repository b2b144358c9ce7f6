// The README's first two steps: start the three servers with one command, and paste what it shows into another terminal.
import { exec, spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const run = promisify(exec);

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "tallyline-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** A port that nobody listens on, below those that the system gives to outgoing connections of other tests. */
async function freePort(): Promise<string> {
  for (;;) {
    const port = randomInt(10_000, 30_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return String(port);
  }
}

/** Ports of this run's own, so that it meets no server that is running on this machine. */
async function ownPorts(side: "SERVER" | "CLIENT", ports?: Record<string, string>): Promise<Record<string, string>> {
  const names = ["BANK_PORT", "ECHO_PORT", "CALCULATOR_PORT", "CALCULATOR_TCP_PORT"];
  const entries = names.map(async (name) => {
    const variable = name.replace("_", `_${side}_`);
    return [variable, ports?.[variable.replace(side, "SERVER")] ?? (await freePort())];
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}

/** Runs `start` in a folder; resolves once it has printed the commands to try. */
async function start(
  folder: string,
  environment: Record<string, string>,
): Promise<{ readonly child: ChildProcess; readonly printed: string }> {
  const child = spawn(process.execPath, [join(root, "scripts", "start.ts")], {
    env: { ...process.env, INIT_CWD: folder, ...environment },
  });
  let printed = "";
  for await (const part of child.stdout) {
    printed += String(part);
    if (printed.includes("'2 + 2'\n")) break;
  }
  return { child, printed };
}

describe.concurrent("start", () => {
  test("serves, shows three commands that work as pasted, stops at a signal, and finds the balances again", async () => {
    using folder = temporaryFolder();
    const environment = await ownPorts("SERVER");
    for (const [signal, balance] of [
      ["SIGINT", "1050"],
      ["SIGTERM", "1100"],
    ] as const) {
      const { child, printed } = await start(folder.path, environment);
      expect(printed.match(/^\S+ listening on \S+$/gm)).toHaveLength(5);
      const commands = printed.match(/^ {2}node .*$/gm) ?? [];
      const answers = await Promise.all(
        commands.map(async (command) => (await run(command, { cwd: folder.path })).stdout),
      );
      expect(answers).toEqual([`Deposited $50. New balance: $${balance}\n`, "Hello, Server!\n", "Result: 4\n"]);
      child.kill(signal);
      expect(await once(child, "exit")).toEqual([0, null]);
    }
    expect(existsSync(join(folder.path, ".tallyline", "bank.db"))).toBe(true);
  });

  test("stops the servers when npx or pnpm, which pass no signal on, are gone", async () => {
    using folder = temporaryFolder();
    // A shell stands for them: with a command after it, it stays between us and the script.
    const script = `"${process.execPath}" "${join(root, "scripts", "start.ts")}"; :`;
    const environment = { ...(await ownPorts("SERVER")), npm_lifecycle_event: "start", INIT_CWD: folder.path };
    const shell = spawn("sh", ["-c", script], { env: { ...process.env, ...environment } });
    let printed = "";
    for await (const part of shell.stdout) {
      if (printed === "") shell.kill("SIGKILL"); // the first listener stands
      printed += String(part);
    }
    expect(printed).toContain("listening on"); // and standard output ended: nobody holds it any more
  });

  test("stops the other servers and ends with exit code 1 when one cannot start", async () => {
    using folder = temporaryFolder();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const environment = { ...(await ownPorts("SERVER")), ECHO_SERVER_PORT: String(port) };
    const child = spawn(process.execPath, [join(root, "scripts", "start.ts")], {
      env: { ...process.env, INIT_CWD: folder.path, ...environment },
    });
    const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, "exit"), text(child.stdout)]);
    expect(said).toMatch(
      new RegExp(`^echo-server: .*${port}.*; choose another port with --port or ECHO_SERVER_PORT\n$`),
    );
    expect(exitCode).toBe(1);
    other.close();
  });

  test("answers the README's transcripts to the letter, and does what else it says to try", async () => {
    using folder = temporaryFolder();
    const environment = await ownPorts("SERVER");
    const { child } = await start(folder.path, environment);
    const clients = await ownPorts("CLIENT", environment);
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const transcripts = [...readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, lines = ""]) => lines);
    expect(transcripts).toHaveLength(3);
    for (const transcript of transcripts) {
      for (const turn of transcript.split(/^\$ /m).slice(1)) {
        const [command = "", ...answer] = turn.split("\n");
        // A refusal ends with another exit code than 0; what counts here is what it prints.
        const { stdout } = await run(command, { cwd: root, env: { ...process.env, ...clients } }).catch(
          (error: { stdout: string }) => error,
        );
        expect(stdout, command).toBe(answer.join("\n"));
      }
    }
    const others = readme.match(/^node apps\/.*$/gm) ?? [];
    const told: string[] = [];
    for (const command of others)
      told.push((await run(command, { cwd: root, env: { ...process.env, ...clients } })).stdout);
    expect(told.at(-1)).toMatch(/rent for May\nclosing balance 12\.34\n$/);
    child.kill("SIGTERM");
    await once(child, "exit");
  });
});
