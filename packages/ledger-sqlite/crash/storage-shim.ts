import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** How a process is put under the shim; see storage-shim.c. */
export interface Shim {
  /** Absolute path of the folder whose files it watches. It must exist. */
  readonly folder: string;
  /** Where it writes its log; none without. */
  readonly log?: string;
  /** What goes wrong, from the start on. */
  readonly plan?: string;
}

const source = join(import.meta.dirname, "storage-shim.c");
const version = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
const library = join(import.meta.dirname, "..", "node_modules", ".cache", `storage-shim-${version}.so`);

/** Why this machine has no shim; undefined when it has. Compiles it where it was not yet. */
export function whyNoShim(): string | undefined {
  if (process.platform !== "linux") return `the storage shim is for Linux, and this is ${process.platform}`;
  if (existsSync(library)) return undefined;
  mkdirSync(dirname(library), { recursive: true });
  const building = `${library}.${process.pid}`;
  const args = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", building, source];
  const { status, error, stderr } = spawnSync("cc", args, { encoding: "utf8" });
  if (error !== undefined) return `there is no C compiler (${error.message})`;
  if (status !== 0) throw new Error(`the storage shim does not compile: ${stderr}`);
  renameSync(building, library);
  return undefined;
}

/** What has to be added to the environment of a process for it to run under the shim. */
export function underShim({ folder, log, plan }: Shim): NodeJS.ProcessEnv {
  const reason = whyNoShim();
  if (reason !== undefined) throw new Error(reason);
  return {
    LD_PRELOAD: library,
    CRASH_FOLDER: folder,
    ...(log !== undefined && { CRASH_LOG: log }),
    ...(plan !== undefined && { CRASH_PLAN: plan }),
  };
}

/** A folder in memory where the machine has one: the files are thrown away, and syncing them to a disk proves nothing. */
export function scratchFolder(): string {
  return mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "tallyline-crash-"));
}
