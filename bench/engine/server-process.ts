import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { onCore } from "./cores.ts";

const root = join(import.meta.dirname, "..", "..");
const READY_AFTER_MS = 30_000;

/** Those that run: they must not outlive a benchmark that fails. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A server in processes of its own, so that their CPU time is its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  readonly pids: readonly number[];
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder?: string;
  /** Whether it may use all cores: for servers of many threads or processes. Default false: the first one. */
  readonly onAllCores?: boolean;
  /** What the server prints when it listens; the first group is its port. */
  readonly listening: RegExp;
}

/** Starts a server and waits until it says where it listens. */
export async function startProcess(what: Command): Promise<ServerProcess> {
  const { command, args, folder = root, listening, onAllCores = false } = what;
  const [program, all] = onAllCores ? [command, args] : onCore("first", command, args);
  const child = spawn(program, all, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let printed = "";
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${command} did not listen within 30 s: ${printed}`)),
      READY_AFTER_MS,
    );
    const read = (part: Buffer): void => {
      // Later output is only let flow.
      if (printed.length < 65_536) printed += part.toString();
      const said = listening.exec(printed)?.[1];
      if (said === undefined) return;
      clearTimeout(timer);
      resolve(Number(said));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${command} ended: ${printed}`)));
  });
  return { port, pids: [child.pid!], [Symbol.asyncDispose]: () => ended(child) };
}

/** One of our programs, built, as its users start it. */
export function startApp(app: string, args: readonly string[], folder?: string): Promise<ServerProcess> {
  return startProcess(appCommand(app, args, folder));
}

export function appCommand(app: string, args: readonly string[], folder: string = root): Command {
  const program = join(root, "apps", app, "dist", `${app}-server.cjs`);
  return {
    command: process.execPath,
    args: [program, "--log-level", "error", ...args],
    folder,
    listening: /listening on \w+:\/\/127\.0\.0\.1:(\d+)/,
  };
}

/** A server of bench/servers. */
export function startScript(name: string, ...args: readonly string[]): Promise<ServerProcess> {
  return startProcess(scriptCommand(name, ...args));
}

export function scriptCommand(name: string, ...args: readonly string[]): Command {
  const file = join(import.meta.dirname, "..", "servers", name);
  return { command: process.execPath, args: [file, ...args], listening: /listening on (\d+)/ };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Says what to install when Debian's program is not there. */
export function debianProgram(program: string, debianPackage: string): () => string | undefined {
  return () =>
    spawnSync(program, ["--version"]).error === undefined
      ? undefined
      : `not installed; apt-get install ${debianPackage}`;
}

/** For servers that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}
