import type { Logger } from "pino";

/** What `--log-level` takes, from the least severe on. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Severity = "debug" | "info" | "warn" | "error";

/**
 * A program's log: structured records in the order in which they were made, each written before the call returns. What
 * cannot be written is lost: a full disk stops no bank.
 *
 * The library that writes is loaded with the first record that the level lets through, and that one waits for it: a server
 * listens, and a client asks, before it is there (docs/decisions/0098-the-log-is-loaded-with-its-first-record.md).
 */
export class Log {
  readonly #name: string;
  readonly #level: LogLevel;
  readonly #fd: number;
  #logger: Logger | undefined;
  #waiting: (readonly [Severity, object])[] = [];
  #opened: Promise<void> | undefined;

  /** @param options.fd Where records go. Default 2, stderr. */
  constructor({ name, level, fd = 2 }: { readonly name: string; readonly level: LogLevel; readonly fd?: number }) {
    this.#name = name;
    this.#level = level;
    this.#fd = fd;
  }

  debug(record: object): void {
    this.#write("debug", record);
  }

  info(record: object): void {
    this.#write("info", record);
  }

  warn(record: object): void {
    this.#write("warn", record);
  }

  error(record: object): void {
    this.#write("error", record);
  }

  /** Resolves when what was logged is written; to be awaited before `process.exit`. */
  async written(): Promise<void> {
    await this.#opened;
  }

  #write(severity: Severity, record: object): void {
    if (LOG_LEVELS.indexOf(severity) < LOG_LEVELS.indexOf(this.#level)) return;
    if (this.#logger !== undefined) return this.#logger[severity](record);
    this.#waiting.push([severity, record]);
    this.#opened ??= this.#open();
  }

  async #open(): Promise<void> {
    const { destination, pino } = await import("pino");
    const output = destination({ fd: this.#fd, sync: true });
    output.on("error", () => {});
    const logger = pino({ name: this.#name, level: this.#level }, output);
    this.#logger = logger;
    for (const [severity, record] of this.#waiting.splice(0)) logger[severity](record);
  }
}
