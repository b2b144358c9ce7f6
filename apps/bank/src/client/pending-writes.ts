import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A write that was begun by a program that is gone, and of which nobody has heard the outcome. */
export interface Interrupted {
  readonly id: string;
  /** When it was begun, ISO 8601. */
  readonly at: string;
}

/**
 * Remembers writes from before they are sent until their outcome is known, each in a file of its own. Typed again after
 * the program was killed, a command finds its first id there: it is then the same request, and cannot happen twice.
 *
 * A file names the process that made it; as long as that runs, the write is its own, and the same command typed elsewhere
 * is another one.
 */
export class PendingWrites {
  readonly #folder: string;
  readonly #active = new Set<string>();

  /** @param folder Created where missing, mode 0700. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A command that was interrupted, to be finished. @param command What makes two commands the same: server, user, line. */
  interrupted(command: string): Interrupted | undefined {
    for (const name of this.#names(command)) {
      const { pid, id, at } = JSON.parse(readFileSync(join(this.#folder, name), "utf8")) as Interrupted & {
        pid: number;
      };
      if (pid === process.pid ? !this.#active.has(id) : !isRunning(pid)) return { id, at };
    }
    return undefined;
  }

  /** Durable when it returns. */
  begin(command: string, id: string): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const entry = { pid: process.pid, id, at: new Date().toISOString() };
    writeFileSync(this.#path(command, id), JSON.stringify(entry), { mode: 0o600, flush: true });
    this.#active.add(id);
  }

  /** @param isKnown Whether the outcome is known; otherwise the write stays for the next try. */
  end(command: string, id: string, isKnown: boolean): void {
    this.#active.delete(id);
    if (isKnown) rmSync(this.#path(command, id), { force: true });
  }

  #names(command: string): string[] {
    const prefix = digest(command);
    try {
      return readdirSync(this.#folder).filter((name) => name.startsWith(prefix));
    } catch {
      return []; // nothing was ever begun
    }
  }

  #path(command: string, id: string): string {
    return join(this.#folder, `${digest(command)}-${digest(id)}.json`);
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
