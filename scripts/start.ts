// `npx -y pnpm@12.21.0 start`: the three servers in the foreground, then how to talk to them.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");
// Where the command was typed: the bank keeps its books in a folder below.
const folder = process.env["INIT_CWD"] ?? process.cwd();
const app = (name: string, program: string) => join(root, "apps", name, "dist", `${program}.js`);

const servers = [
  { file: app("bank", "bank-server"), listenerCount: 1, logLevel: "BANK_SERVER_LOG_LEVEL" },
  { file: app("echo", "echo-server"), listenerCount: 2, logLevel: "ECHO_SERVER_LOG_LEVEL" },
  { file: app("calculator", "calculator-server"), listenerCount: 2, logLevel: "CALCULATOR_SERVER_LOG_LEVEL" },
];

const running = servers.map(({ file, logLevel }) =>
  spawn(process.execPath, [file], {
    cwd: folder,
    env: { [logLevel]: "warn", ...process.env },
    stdio: ["ignore", "pipe", "inherit"],
  }),
);

// Ctrl-C reaches the servers by itself, as part of the terminal's foreground group; SIGTERM has to be passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => stop(running));
// npx and pnpm die of a signal without passing it on. When one of them is gone, so is the reason to run.
if (process.env["npm_lifecycle_event"] === "start") {
  const starters = lineage();
  setInterval(() => lineage() !== starters && stop(running), 250).unref();
}

let hasFailed = false;
const ended = running.map(
  (server) =>
    new Promise<void>((resolve) => {
      server.on("exit", (code) => {
        if (code !== 0) {
          hasFailed = true;
          stop(running); // two servers of three are not what was asked for
        }
        resolve();
      });
    }),
);
const listening = running.map((server, index) => untilListening(server, servers[index]!.listenerCount));
if ((await Promise.all(listening)).every(Boolean)) printCommands();
await Promise.all(ended);
process.exitCode = hasFailed ? 1 : 0;

/** Passes on what the server prints. Resolves with true once it listens everywhere, with false when it ends before. */
async function untilListening(server: ChildProcess, listenerCount: number): Promise<boolean> {
  const lines = createInterface({ input: server.stdout! });
  return new Promise((resolve) => {
    let count = 0;
    lines.on("line", (line) => {
      console.log(line);
      count += 1;
      if (count === listenerCount) resolve(true);
    });
    lines.on("close", () => resolve(false));
  });
}

/** The parent's process id and, where /proc tells, its parent's. */
function lineage(): string {
  try {
    const afterName = readFileSync(`/proc/${process.ppid}/stat`, "utf8").split(") ").at(-1);
    return `${process.ppid} ${afterName?.split(" ")[1]}`;
  } catch {
    return String(process.ppid);
  }
}

function printCommands(): void {
  const client = (name: string, program: string) => relative(folder, app(name, program));
  console.log(`
Try them from another terminal${relative(folder, root) === "" ? "" : " in the same folder"} (Ctrl-C here stops the servers):

  node ${client("bank", "bank-client")} deposit 50
  node ${client("echo", "echo-client")} 'Hello, Server!'
  node ${client("calculator", "calculator-client")} '2 + 2'
`);
}

function stop(all: readonly ChildProcess[]): void {
  for (const server of all) server.kill("SIGTERM");
}
