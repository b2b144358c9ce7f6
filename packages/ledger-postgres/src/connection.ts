import pg from "pg";

/** A statement that a connection prepares once, under a name of its own. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What a statement answered: columns are the texts that the server sent, but for bytes. */
export interface Answered {
  /** Such as "COMMIT": a transaction that had failed answers COMMIT with "ROLLBACK". */
  readonly command: string;
  readonly rows: readonly (readonly unknown[])[];
}

/** What the connection does with a statement that it knows no better of. */
type Value = string | number | bigint | null | Uint8Array;

/** How a connection is made. */
export interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  /** Longest wait for a lock, in milliseconds: then the statement fails with 55P03. */
  readonly lockTimeoutMs: number;
}

/**
 * Rows are looked up by their keys. A plan for each length of an array costs more than it gains; and one that was made while
 * the tables were empty must not read all of them ever after. Segments are compressed where they are large, by the cheaper
 * of two methods.
 */
const SETTINGS = [
  "plan_cache_mode = force_generic_plan",
  "enable_seqscan = off",
  "enable_hashjoin = off",
  "jit = off",
  "default_toast_compression = lz4",
];

/** A frozen program must not hold its locks for ever: everybody else waits for the same row. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/**
 * One connection to PostgreSQL. Statements that are given in one turn leave together and are answered in order; when one
 * fails, those behind it fail too if they are of the same transaction.
 */
export class Connection {
  readonly #client: pg.Client;
  #isLost = false;
  #isCorked = false;
  /** Warnings since {@link takeWarnings}. */
  #warnings: string[] = [];

  private constructor(client: pg.Client) {
    this.#client = client;
    client.on("error", () => (this.#isLost = true));
    client.on("end", () => (this.#isLost = true));
    client.on("notice", ({ code, message }) => {
      if (code !== SUCCESS) this.#warnings.push(message ?? "");
    });
  }

  /** @throws what the driver does where there is no connection to be had. */
  static async open(url: string, { connectTimeoutMs, lockTimeoutMs }: ConnectionOptions): Promise<Connection> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      fallback_application_name: "tallyline",
      pipeline: true,
      types: { getTypeParser: (oid: number) => (oid === BYTEA ? parseBytes : asText) },
    });
    const connection = new Connection(client);
    await client.connect();
    // A server that does not know a setting need not have it.
    for (const setting of SETTINGS) await connection.run(`SET ${setting}`).catch(() => {});
    return connection;
  }

  /** Whether the connection has ended; a statement that was under way rejects. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Runs a statement. @throws pg.DatabaseError with the SQLSTATE as `code`, or another error where the connection is lost. */
  async run(statement: Statement | string, values: readonly Value[] = []): Promise<Answered> {
    this.#cork();
    const config = typeof statement === "string" ? { text: statement } : statement;
    return this.#client.query({ ...config, values: values as unknown[], rowMode: "array" });
  }

  /** What is sent in one turn leaves in one write: a flight is a dozen statements. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const { stream } = this.#client.connection;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }

  /** The warnings that the server has sent since this was asked last. */
  takeWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  /** Ends the connection at once: what is under way rejects, and the server finds out when it answers. */
  destroy(): void {
    this.#isLost = true;
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    this.#isLost = true;
    await this.#client.end().catch(() => {});
  }
}

const SUCCESS = "00000";
const BYTEA: number = pg.types.builtins.BYTEA;
const parseBytes: (text: string) => Uint8Array = pg.types.getTypeParser(pg.types.builtins.BYTEA);
const asText = (text: string): string => text;
