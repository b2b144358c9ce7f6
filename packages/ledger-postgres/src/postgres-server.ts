import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** A user with few rights: PostgreSQL refuses to run as root. On Linux this is `nobody`. */
const NOBODY = 65534;
const PROGRAMS = ["initdb", "pg_basebackup", "pg_ctl", "postgres"];
const READY = /database system is ready to accept (?:read-only )?connections/;
const READY_AFTER_MS = 30_000;
const run = promisify(execFile);

/** What a server for tests is started with. */
export interface PostgresServerOptions {
  /** Lines of `postgresql.conf`, such as `{ synchronous_standby_names: "a" }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How a standby is made. */
export interface StandbyOptions extends PostgresServerOptions {
  /** What the primary knows it as. */
  readonly name: string;
}

/**
 * Finds PostgreSQL's programs: in the folder that the environment's `POSTGRES_BIN` names, on the PATH, or where Debian
 * installs them. @returns their folder; undefined when there are none.
 */
export function findPostgres(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const { POSTGRES_BIN: named, PATH = "" } = process.env;
  const folders = [named ?? [], PATH.split(delimiter), versions.map((version) => join(debian, version, "bin"))].flat();
  return folders.find((folder) => PROGRAMS.every((program) => existsSync(join(folder, program))));
}

/**
 * Starts a PostgreSQL server of its own, in a folder of its own, which listens on a socket there and on no port. Also as
 * root: then the server runs as another user. @throws Error when PostgreSQL is not installed, or does not start.
 */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const server = new PostgresServer(mkdtempSync(join(tmpdir(), "tallyline-pg-")));
  await server.initialize();
  server.configure(options.settings ?? {});
  await server.start();
  return server;
}

/** A server for tests. Dispose of it, and it is stopped and its folder removed. */
export class PostgresServer implements AsyncDisposable {
  /** Where its socket and its data are. */
  readonly folder: string;
  readonly #bin: string;
  readonly #data: string;
  #process: ChildProcess | undefined;
  #log = "";

  constructor(folder: string) {
    const bin = findPostgres();
    if (bin === undefined) throw new Error("PostgreSQL is not installed");
    this.#bin = bin;
    this.folder = folder;
    this.#data = join(folder, "data");
    if (isRoot()) chownSync(folder, NOBODY, NOBODY);
  }

  /** Whether the server runs. */
  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** The process ids of the server: the first one's children end when it does. */
  get pids(): readonly number[] {
    const { pid } = this.#process ?? {};
    return pid === undefined ? [] : [pid, ...childrenOf(pid)];
  }

  /** What the server wrote to its log. */
  get log(): string {
    return this.#log;
  }

  /** Connection string of a database on it. The user is its superuser, unless another is named. */
  url(database = "postgres", user = "postgres"): string {
    return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(this.folder)}`;
  }

  /** Makes its data, empty. */
  async initialize(): Promise<void> {
    await this.#run("initdb", ["-D", this.#data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--no-locale"]);
    this.configure({ listen_addresses: "", unix_socket_directories: this.folder, max_connections: "100" });
  }

  /** Adds lines to its configuration: the last one about a name counts, once the server was started or told to reload. */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    appendFileSync(join(this.#data, "postgresql.conf"), lines.join(""));
  }

  /** Starts the server in its folder, and resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn(join(this.#bin, "postgres"), ["-D", this.#data], {
      stdio: ["ignore", "ignore", "pipe"],
      ...identity(),
      cwd: this.folder,
    });
    this.#process = child;
    const startedAt = this.#log.length;
    child.once("exit", () => (this.#process = undefined));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`PostgreSQL does not start:\n${this.#log}`)), READY_AFTER_MS);
      child.stderr.on("data", (chunk: Buffer) => {
        this.#log += chunk.toString();
        if (READY.test(this.#log.slice(startedAt))) resolve();
      });
      child.once("exit", () => reject(new Error(`PostgreSQL ended at its start:\n${this.#log}`)));
      child.once("spawn", () => child.once("exit", () => clearTimeout(timer)));
      child.stderr.once("end", () => clearTimeout(timer));
    });
  }

  /** Makes it read its configuration again. */
  reload(): void {
    this.#process?.kill("SIGHUP");
  }

  /** Stops it: connections are ended, what was committed is on disk. */
  async stop(): Promise<void> {
    await this.#end("SIGINT", this.pids.slice(0, 1));
  }

  /** Kills every process of it at once, as a power failure would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL", this.pids);
  }

  /** Stops every process of it in its tracks; {@link thaw} lets them go on. */
  freeze(): void {
    for (const pid of this.pids) signal(pid, "SIGSTOP");
  }

  /** Lets the processes that were frozen go on. */
  thaw(): void {
    for (const pid of this.pids) signal(pid, "SIGCONT");
  }

  /** Makes a standby into a primary. */
  async promote(): Promise<void> {
    await this.#run("pg_ctl", ["promote", "-D", this.#data, "-w"]);
  }

  /** Copies it, while it runs, to a new server that follows it, and starts that. */
  async startStandby({ name, settings = {} }: StandbyOptions): Promise<PostgresServer> {
    const standby = new PostgresServer(mkdtempSync(join(tmpdir(), "tallyline-pg-")));
    await standby.follow(this, name);
    standby.configure(settings);
    await standby.start();
    return standby;
  }

  /** Forgets all of its data, and takes a copy of another server's, to follow that from its next start on. */
  async follow(primary: PostgresServer, name: string): Promise<void> {
    rmSync(this.#data, { recursive: true, force: true });
    mkdirSync(this.#data, { mode: 0o700 });
    if (isRoot()) chownSync(this.#data, NOBODY, NOBODY);
    const from = `host=${primary.folder} user=postgres application_name=${name}`;
    await this.#run("pg_basebackup", ["-D", this.#data, "-R", "-N", "-c", "fast", "-X", "stream", "-d", from]);
    this.configure({ unix_socket_directories: this.folder });
  }

  /** Stops the server at once and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.#end("SIGQUIT", this.pids.slice(0, 1));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(how: NodeJS.Signals, pids: readonly number[]): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const hasEnded = once(child, "exit");
    for (const pid of pids) signal(pid, how);
    await hasEnded;
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    await run(join(this.#bin, program), args, {
      ...identity(),
      cwd: this.folder,
      env: { ...process.env, LC_ALL: "C" },
    });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function identity(): { readonly uid?: number; readonly gid?: number } {
  return isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Where there is no /proc, children end by themselves soon after their parent. */
function childrenOf(parent: number): number[] {
  if (!existsSync("/proc")) return [];
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      // "pid (command) state parent …", and the command may hold anything.
      const status = readFileSync(`/proc/${pid}/stat`, "utf8");
      return Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]) === parent;
    } catch {
      return false;
    }
  });
}
