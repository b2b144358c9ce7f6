// `npx -y pnpm@12.21.0 start`: the three servers in the foreground, then how to talk to them.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");
// Where the command was typed: the bank keeps its books in a folder below.
const folder = process.env["INIT_CWD"] ?? process.cwd();
const app = (name: string, program: string) => join(root, "apps", name, "dist", `${program}.cjs`);

const servers = [
  { file: app("bank", "bank-server"), listenerCount: 1, logLevel: "BANK_SERVER_LOG_LEVEL" },
  { file: app("echo", "echo-server"), listenerCount: 2, logLevel: "ECHO_SERVER_LOG_LEVEL" },
  { file: app("calculator", "calculator-server"), listenerCount: 2, logLevel: "CALCULATOR_SERVER_LOG_LEVEL" },
];

let running: readonly ChildProcess[] = [];
let isStopping = false;

// Ctrl-C reaches the servers by itself too, as part of the terminal's foreground group: the signal that they get second they
// ignore. One that was sent to this process alone has to be passed on.
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
// npx and pnpm die of a signal without passing it on. When one of them is gone, so is the reason to run.
if (process.env["npm_lifecycle_event"] === "start") {
  const starters = lineage();
  setInterval(() => lineage() !== starters && stop(), 250).unref();
}

running = servers.map(({ file, logLevel }) =>
  spawn(process.execPath, [file], {
    cwd: folder,
    env: { [logLevel]: "warn", ...process.env },
    stdio: ["ignore", "pipe", "inherit"],
  }),
);
const ended = running.map(
  (server) =>
    new Promise<void>((resolve) => {
      server.on("exit", (code) => {
        // Two servers of three are not what was asked for. One that was stopped before it was ready ends by the signal.
        if (code !== 0 && !isStopping) {
          process.exitCode = 1;
          stop();
        }
        resolve();
      });
    }),
);
const urls = await Promise.all(running.map((server, index) => listenersOf(server, servers[index]!.listenerCount)));
if (!isStopping) printCommands(urls.flat());
await Promise.all(ended);

/** Passes on what the server prints. Resolves with its URLs once it listens everywhere, or has ended before. */
async function listenersOf(server: ChildProcess, listenerCount: number): Promise<URL[]> {
  const lines = createInterface({ input: server.stdout! });
  const found: URL[] = [];
  return new Promise((resolve) => {
    lines.on("line", (line) => {
      console.log(line);
      const url = / listening on (\S+)$/.exec(line)?.[1];
      if (url !== undefined && found.push(new URL(url)) === listenerCount) resolve(found);
    });
    lines.on("close", () => resolve(found));
  });
}

function printCommands([bank, echo, , udp, tcp]: readonly URL[]): void {
  const client = (name: string, program: string) => relative(folder, app(name, program));
  const flag = (name: string, url: URL | undefined, usual: string) =>
    url?.port === usual ? "" : ` ${name} ${url?.port}`;
  const calculatorFlags = flag("--port", udp, "65432") + flag("--tcp-port", tcp, "65433");
  console.log(`
Try them from another terminal${relative(folder, root) === "" ? "" : " in the same folder"} (Ctrl-C here stops the servers):

  node ${client("bank", "bank-client")}${flag("--port", bank, "65432")} deposit 50
  node ${client("echo", "echo-client")}${flag("--port", echo, "65434")} 'Hello, Server!'
  node ${client("calculator", "calculator-client")}${calculatorFlags} '2 + 2'
`);
}

function stop(): void {
  isStopping = true;
  for (const server of running) server.kill("SIGTERM");
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
