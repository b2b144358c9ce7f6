import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ScramCredentials } from "@tallyline/bank-protocol";
import type { Principal, Right, Role } from "./principal.ts";

/** A user as it is kept. */
export interface User {
  readonly principal: Principal;
  readonly credentials: ScramCredentials | undefined;
  /** The common name or the SHA-256 fingerprint of the TLS certificate that stands for the user. */
  readonly certificate: string | undefined;
}

/** How often, and since when, a name could not be proved from an address. */
export interface Failures {
  readonly count: number;
  readonly lastAtMs: number;
}

/** Names of users: principals that cannot be mistaken for those of the bank itself. */
export const USER_NAME: RegExp = /^(?!local$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Most rows of failures kept: the oldest go, so that names made up at random cannot fill the disk. */
const FAILURES_MAX = 10_000;

/** Most users remembered between two changes of the file. */
const KNOWN_MAX = 10_000;

/**
 * The users of a bank, in a file of their own (SQLite, mode 0600). The server reads it while `bank-server users` writes
 * it: every question is asked of the file, so a change counts from the next request on.
 *
 * The file comes into being with the first user. Until then there are none, which is found out within 50 ms.
 */
export class Users implements Disposable {
  readonly #path: string;
  #file: UserFile | undefined;
  /** What was read since the file changed last. */
  #known = new Map<string, User | undefined>();
  #areNone: boolean | undefined;
  #version = -1;
  #absentUntilMs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether there is nobody yet. */
  get areNone(): boolean {
    const file = this.#fresh();
    this.#areNone ??= file?.any.get() === undefined;
    return this.#areNone;
  }

  /** The user of this name, as the file has it now; undefined where there is none. */
  find(name: string): User | undefined {
    const file = this.#fresh();
    if (file === undefined) return undefined;
    if (!this.#known.has(name)) this.#remember(name, userOf(file, file.byName.get(name)));
    return this.#known.get(name);
  }

  /** The user that a TLS certificate stands for: by its fingerprint, or by its common name. */
  findByCertificate(certificates: readonly (string | undefined)[]): User | undefined {
    const file = this.#fresh();
    const named = certificates.filter((certificate) => certificate !== undefined);
    return file && named.map((each) => userOf(file, file.byCertificate.get(each))).find((user) => user !== undefined);
  }

  /** The names of all users, sorted. */
  names(): string[] {
    const rows = this.#fresh()?.database.prepare("SELECT name FROM user ORDER BY name").all() ?? [];
    return rows.map((row) => row["name"] as string);
  }

  /**
   * Adds a user, or changes one. Durable when it returns.
   * @throws Error when the certificate is another user's already.
   */
  put({ principal, credentials, certificate }: User): void {
    const { database } = this.#file ?? this.#create();
    const { name, role, account, rights } = principal;
    inTransaction(database, () => {
      const { salt = null, iterations = null, storedKey = null, serverKey = null } = credentials ?? {};
      database
        .prepare(PUT_USER)
        .run(name, role, account ?? null, certificate ?? null, salt, iterations, storedKey, serverKey);
      database.prepare("DELETE FROM grant_on WHERE user = ?").run(name);
      const insert = database.prepare("INSERT INTO grant_on VALUES (?, ?, ?)");
      for (const [granted, right] of rights) insert.run(name, granted, right);
      database.prepare("DELETE FROM failure WHERE name = ?").run(name);
    });
    this.#forget();
  }

  /** @returns whether there was such a user. */
  remove(name: string): boolean {
    const { changes } = this.#fresh()?.database.prepare("DELETE FROM user WHERE name = ?").run(name) ?? { changes: 0 };
    this.#forget();
    return changes === 1;
  }

  /** How many wrong proofs in a row are on record for a name and an address, and when the last one came. */
  failures(name: string, address: string): Failures {
    const row = this.#fresh()?.failure.get(name, address);
    return { count: Number(row?.["count"] ?? 0), lastAtMs: Number(row?.["last_at_ms"] ?? 0) };
  }

  /** Durable when it returns, so that a crash gives no attempt back. */
  setFailures(
    all: readonly { readonly name: string; readonly address: string; readonly count: number }[],
    nowMs: number,
  ): void {
    const file = this.#fresh();
    if (file === undefined) return;
    inTransaction(file.database, () => {
      for (const { name, address, count } of all) file.putFailure.run(name, address, count, nowMs);
      file.dropFailures.run(FAILURES_MAX);
    });
  }

  /** How many iterations the passwords here are hashed with; undefined without passwords. */
  get iterations(): number | undefined {
    const row = this.#fresh()?.database.prepare("SELECT max(iterations) AS most FROM user").get();
    return (row?.["most"] as number | null | undefined) ?? undefined;
  }

  /** A secret of this bank's, made with the file and never shown. */
  get secret(): Uint8Array {
    const row = this.#fresh()?.database.prepare("SELECT value FROM secret").get();
    return (row?.["value"] as Uint8Array | undefined) ?? new Uint8Array(32);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.database.close();
    this.#file = undefined;
  }

  /** The file, if there is one by now. What was read of it is forgotten when another process has changed it. */
  #fresh(): UserFile | undefined {
    if (this.#file === undefined) return this.#appears() ? this.#create() : undefined;
    const { data_version: version } = this.#file.version.get() as { data_version: number };
    if (version !== this.#version) this.#forget();
    this.#version = version;
    return this.#file;
  }

  /** Looked for at most twenty times a second: a bank without users asks with every request. */
  #appears(): boolean {
    const nowMs = performance.now();
    if (nowMs < this.#absentUntilMs) return false;
    this.#absentUntilMs = nowMs + 50;
    return existsSync(this.#path);
  }

  #forget(): void {
    this.#known.clear();
    this.#areNone = undefined;
  }

  #remember(name: string, user: User | undefined): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(name, user);
  }

  #create(): UserFile {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    // Not imported: a client's or an older Node.js that never comes here has no need of it.
    const sqlite = process.getBuiltinModule("node:sqlite");
    const database = new sqlite.DatabaseSync(this.#path);
    if (this.#path !== ":memory:") chmodSync(this.#path, 0o600);
    database.exec(SCHEMA);
    this.#forget();
    this.#file = {
      database,
      version: database.prepare("PRAGMA data_version"),
      any: database.prepare("SELECT 1 FROM user LIMIT 1"),
      byName: database.prepare("SELECT * FROM user WHERE name = ?"),
      byCertificate: database.prepare("SELECT * FROM user WHERE certificate = ?"),
      grants: database.prepare("SELECT account, allowed FROM grant_on WHERE user = ?"),
      failure: database.prepare("SELECT count, last_at_ms FROM failure WHERE name = ? AND address = ?"),
      putFailure: database.prepare("INSERT OR REPLACE INTO failure VALUES (?, ?, ?, ?)"),
      dropFailures: database.prepare(
        "DELETE FROM failure WHERE rowid IN (SELECT rowid FROM failure ORDER BY last_at_ms DESC LIMIT -1 OFFSET ?)",
      ),
    };
    return this.#file;
  }
}

/** The open file with the statements that are used often. */
interface UserFile {
  readonly database: DatabaseSync;
  readonly version: StatementSync;
  readonly any: StatementSync;
  readonly byName: StatementSync;
  readonly byCertificate: StatementSync;
  readonly grants: StatementSync;
  readonly failure: StatementSync;
  readonly putFailure: StatementSync;
  readonly dropFailures: StatementSync;
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function userOf(file: UserFile, found: Record<string, unknown> | undefined): User | undefined {
  if (found === undefined) return undefined;
  const row = found as unknown as UserRow;
  const grants = file.grants.all(row.name);
  const rights = new Map(grants.map((grant) => [grant["account"] as string, grant["allowed"] as Right]));
  const { salt, iterations, stored_key: storedKey, server_key: serverKey } = row;
  const hasPassword = salt !== null && iterations !== null && storedKey !== null && serverKey !== null;
  return {
    principal: { name: row.name, role: row.role, account: row.account ?? undefined, rights },
    credentials: hasPassword ? { salt, iterations, storedKey, serverKey } : undefined,
    certificate: row.certificate ?? undefined,
  };
}

interface UserRow {
  readonly name: string;
  readonly role: Role;
  readonly account: string | null;
  readonly certificate: string | null;
  readonly salt: Uint8Array | null;
  readonly iterations: number | null;
  readonly stored_key: Uint8Array | null;
  readonly server_key: Uint8Array | null;
}

const PUT_USER = `
  INSERT INTO user (name, role, account, certificate, salt, iterations, stored_key, server_key)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET
    role = excluded.role, account = excluded.account, certificate = excluded.certificate, salt = excluded.salt,
    iterations = excluded.iterations, stored_key = excluded.stored_key, server_key = excluded.server_key
`;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS user (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('customer', 'operator', 'auditor')),
    account TEXT,
    certificate TEXT UNIQUE,
    salt BLOB, iterations INTEGER, stored_key BLOB, server_key BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS grant_on (
    user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
    account TEXT NOT NULL,
    allowed TEXT NOT NULL CHECK (allowed IN ('view', 'pay')),
    PRIMARY KEY (user, account)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS failure (
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, address)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS secret (value BLOB NOT NULL) STRICT;
  INSERT INTO secret SELECT randomblob(32) WHERE NOT EXISTS (SELECT 1 FROM secret);
`;
