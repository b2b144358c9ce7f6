// For the apps' tests: built programs, run as a person runs them.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** Which program, and what it is started with. */
export interface Run {
  /** The app's folder: its tests are one level below. */
  readonly app: string;
  readonly program: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder to run in. Default: the app's. */
  readonly folder?: string;
  /** A file that takes its stderr. Default: it is read by the test. */
  readonly stderr?: string;
}

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server that has said where it listens. */
export interface RunningServer extends AsyncDisposable {
  /** The URLs it printed, in order. */
  readonly urls: readonly string[];
  /** Their ports. */
  readonly ports: readonly number[];
  /** Its process. */
  readonly pid: number;
  /** Sends a signal that it goes on after. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

/** An empty folder, gone at the end of its scope. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "tallyline-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** Runs a program to its end. @param run.input What it reads from a pipe. */
export async function runProgram(run: Run & { readonly input?: string }): Promise<Ended> {
  const child = start(run);
  child.stdin!.on("error", () => {}); // it may end without having read all
  child.stdin!.end(run.input ?? "");
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), untilEnd(child)]);
  return { exitCode: child.exitCode, stdout, stderr };
}

/** Starts a server and waits until it has printed its listeners. Rejects with its stderr when it ends before. */
export async function startServer(run: Run & { readonly listenerCount?: number }): Promise<RunningServer> {
  const child = start(run);
  child.stdin!.end();
  const stderr = child.stderr === null ? Promise.resolve("") : text(child.stderr);
  const lines: string[] = [];
  const urls: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const output = createInterface({ input: child.stdout! });
    output.on("line", (line) => {
      lines.push(line);
      const url = new RegExp(`^${run.program} listening on (\\S+)$`).exec(line)?.[1];
      if (url !== undefined && urls.push(url) === (run.listenerCount ?? 1)) resolve();
    });
    output.on("close", () => void stderr.then((said) => reject(new Error(`${run.program} ended: ${said}`))));
  });

  const stop = async (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    await untilEnd(child);
    return { exitCode: child.exitCode, stdout: lines.join("\n"), stderr: await stderr };
  };
  return {
    urls,
    ports: urls.map((url) => Number(new URL(url).port)),
    pid: child.pid!,
    signal: (signal) => void child.kill(signal),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop("SIGKILL")),
  };
}

function start({ app, program, args = [], environment = {}, folder = app, stderr }: Run): ChildProcess {
  const entry = join(app, "dist", `${program}.cjs`);
  return spawn(process.execPath, [entry, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", stderr === undefined ? "pipe" : openSync(stderr, "w")],
  });
}

async function untilEnd(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
