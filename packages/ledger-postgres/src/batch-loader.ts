import { isAccountName, touches, type Command, type Hold, type Identity } from "@tallyline/ledger";
import type { AccountDirectory } from "./account-directory.ts";
import { BatchBooks, keyOf, type EarlierRecord } from "./batch-books.ts";
import type { CarriedBooks } from "./carried-books.ts";
import type { Connection, Statement } from "./connection.ts";
import type { JournalReader, RecordPlace } from "./journal-reader.ts";
import { readBalance, readHead, readHold, type AccountFacts } from "./rows.ts";
import type { Statements } from "./statements.ts";
import { arrayOf } from "./arrays.ts";

/** Holds that are due are expired so many at a time. */
const DUE_HOLDS_MAX = 1000;
/** When the first hold is due, where that was not asked: any may be. */
const NEVER_READ: number = Number.NEGATIVE_INFINITY;

/** A connection, and what is known of the database behind it. */
export interface Session {
  readonly connection: Connection;
  readonly sql: Statements;
  readonly directory: AccountDirectory;
  readonly journal: JournalReader;
  readonly carried: CarriedBooks;
  readonly currencies: ReadonlySet<string>;
  /** The last place in the order that is known to be durable. */
  confirmedSeq: number;
}

/** The books of a batch, as of the journal's head. */
export interface LoadedBooks {
  readonly books: BatchBooks;
  /** The database's clock, in milliseconds since 1970. */
  readonly databaseMs: number;
  /** Whether more holds are due than were loaded: nothing else may be decided before they have expired. */
  readonly hasMoreDue: boolean;
  /** Whether any are due. */
  readonly hasDue: boolean;
}

/**
 * What a batch of calls touches. It grows: which accounts a hold is on is known once it was found, and which holds are due
 * once the head is locked. What was found stays found between attempts, because it is history, which does not change.
 */
export class BatchNeeds {
  readonly #names = new Set<string>();
  readonly #own: Identity[] = []; // ids of the commands themselves, where nothing needs their keys yet
  readonly #keys = new Map<string, Identity>();
  readonly #references = new Set<string>(); // keys whose records name holds, entries and accounts that will be read
  readonly #principals = new Set<string>();
  readonly #found = new Map<string, EarlierRecord>();
  #looksBack = false;

  /** Whether what is recorded already is asked for, and not only whether ids are new. */
  get looksBack(): boolean {
    return this.#looksBack;
  }

  /** A command that will be decided. */
  addCommand(command: Command): void {
    const { principal } = command;
    const { accounts, ids } = touches(command);
    for (const name of accounts) this.addAccount(name);
    this.#own.push(command);
    for (const id of ids) {
      if (id === command.id) continue;
      const key = keyOf(principal, id);
      this.#keys.set(key, { principal, id });
      this.#references.add(key);
      this.#looksBack = true;
    }
    this.#principals.add(principal);
  }

  addAccount(name: string): void {
    // What could be no name is refused before it is looked for.
    if (isAccountName(name)) this.#names.add(name);
  }

  /** An id whose record will be read. */
  addIdentity({ principal, id }: Identity): void {
    this.#keys.set(keyOf(principal, id), { principal, id });
    this.#looksBack = true;
  }

  /** Finds out what can be found out without a lock, and is not in books that were carried over. */
  async resolve({ directory, ...session }: Session, carried: BatchBooks | undefined): Promise<void> {
    const isUnknown = (name: string) => carried?.hasAccount(name) !== true && directory.named(name) === undefined;
    const unknown = [...this.#names].filter(isUnknown);
    const references = [...this.#references].filter((key) => !this.#found.has(key));
    if (unknown.length === 0 && references.length === 0) return;
    await Promise.all([
      unknown.length > 0 && directory.byName(unknown),
      references.length > 0 && this.#find(session, references),
    ]);
    const more = [...this.#names].filter((name) => !unknown.includes(name) && isUnknown(name));
    if (more.length > 0) await directory.byName(more); // of the holds and entries that were found
  }

  /**
   * Adds to books that were carried over what they do not hold yet, without locks: it is as of their head if that is where
   * the head still is when the batch has written. Of ids nothing is read.
   */
  async complete({ connection, sql, directory }: Session, books: BatchBooks): Promise<void> {
    const absent = [...this.#names].filter((name) => !books.hasAccount(name));
    const missing = new Map(
      absent.flatMap((name) => directory.named(name) ?? []).map((facts) => [facts.number, facts]),
    );
    const principals = [...this.#principals].filter((each) => isIdentifier(each) && !books.knowsRefusals(each));
    const [balances, counts] = await Promise.all([
      missing.size > 0 && connection.run(sql.balances, [arrayOf([...missing.keys()])]),
      principals.length > 0 && connection.run(sql.refusalCounts, [arrayOf(principals)]),
    ]);
    if (balances) putBalances(books, missing, balances.rows);
    if (counts) putRefusals(books, principals, counts.rows);
  }

  /**
   * Loads the books, in one flight where everything is known. To write: within a transaction that is read committed, so
   * that what is read after the head was locked is read as of the head. To read: within a snapshot.
   * @param carried Books to go on with, if they are as of the same head.
   * @returns undefined where something came up that should have been locked before; then all begins anew.
   */
  async load(
    session: Session,
    begin: Statement,
    nowMs: number | undefined,
    maxRefusals: number,
    carried: BatchBooks | undefined,
  ): Promise<LoadedBooks | undefined> {
    const { connection, sql, directory, journal, currencies } = session;
    const isWriting = !begin.text.includes("READ ONLY");
    for (const { principal, id } of this.#own.splice(0)) this.#keys.set(keyOf(principal, id), { principal, id });
    const known = [...this.#names].flatMap((name) => directory.named(name) ?? []);
    const absent = [...this.#names].filter((name) => directory.named(name) === undefined);
    const keys = [...this.#keys].filter(([key]) => !this.#found.has(key));
    const referenced = [...this.#references].flatMap((key) => this.#found.get(key) ?? []);
    const holdSeqs = referenced.flatMap(({ result }) => (result.ok && result.hold ? [result.hold.seq] : []));
    const principals = [...this.#principals].filter(isIdentifier);
    const run = connection.run.bind(connection);

    const [, balances, heads, commands, due, counts, opened, holds, reversals, firstExpiry] = await Promise.all([
      run(begin),
      run(isWriting ? sql.lockBalances : sql.balances, [arrayOf(known.map(({ number }) => number))]),
      run(isWriting ? sql.lockHead : sql.head),
      findPlaces(
        session,
        keys.map(([, identity]) => identity),
      ),
      run(sql.dueHolds, [nowMs ?? null, DUE_HOLDS_MAX]),
      run(sql.refusalCounts, [arrayOf(principals)]),
      absent.length > 0 ? directory.byName(absent) : [],
      holdSeqs.length > 0 && run(sql.holds, [arrayOf(holdSeqs)]),
      referenced.length > 0 && run(sql.reversals, [arrayOf(referenced.map(({ seq }) => seq))]),
      isWriting && session.carried.isAlone && run(sql.firstExpiry),
    ]);
    if (opened.length > 0) return undefined;
    const dueHolds = due.rows.map(readHold);
    if (this.#addHolds(dueHolds)) return undefined;
    if (this.#remember(commands, await journal.records(commands))) return undefined;

    const head = readHead(heads.rows[0]!);
    if (isWriting) session.carried.noteHead(head.head, firstExpiry ? Number(firstExpiry.rows[0]![0]) : NEVER_READ);
    const books = carried?.head === head.head ? carried : new BatchBooks({ head, currencies, maxRefusals });
    putBalances(books, new Map(known.map((facts) => [facts.number, facts])), balances.rows);
    putRefusals(books, principals, counts.rows);
    for (const [key, { principal, id }] of this.#keys) books.putRecorded(principal, id, this.#found.get(key));
    for (const hold of [...dueHolds, ...(holds ? holds.rows.map(readHold) : [])]) books.putHold(hold);
    if (reversals) for (const [seq] of reversals.rows) books.putReversed(Number(seq));
    const hasMoreDue = dueHolds.length === DUE_HOLDS_MAX;
    return { books, databaseMs: head.databaseMs, hasMoreDue, hasDue: dueHolds.length > 0 };
  }

  /** The accounts of holds are needed too. @returns whether one was not known to be. */
  #addHolds(holds: readonly Hold[]): boolean {
    const count = this.#names.size;
    for (const { from, to } of holds) this.#names.add(from).add(to);
    return this.#names.size > count;
  }

  async #find(session: Pick<Session, "connection" | "sql" | "journal">, keys: readonly string[]): Promise<void> {
    const places = await findPlaces(
      session,
      keys.map((key) => this.#keys.get(key)!),
    );
    this.#remember(places, await session.journal.records(places));
  }

  /** @returns whether one of them names holds, entries or accounts that will be read. */
  #remember(places: readonly Identity[], records: readonly EarlierRecord[]): boolean {
    let namesMore = false;
    places.forEach(({ principal, id }, index) => {
      const key = keyOf(principal, id);
      const record = records[index]!;
      this.#found.set(key, record);
      if (!this.#references.has(key)) return;
      namesMore = true;
      if (!record.result.ok) return;
      for (const { account } of record.result.legs) this.#names.add(account);
      if (record.result.hold !== undefined) this.#addHolds([record.result.hold]);
    });
    return namesMore;
  }
}

function putBalances(
  books: BatchBooks,
  factsOf: ReadonlyMap<number, AccountFacts>,
  rows: readonly (readonly unknown[])[],
): void {
  for (const row of rows) {
    const balance = readBalance(row);
    books.putAccount(factsOf.get(balance.number)!, balance);
  }
}

/** Of whom there is no row there is no refusal. */
function putRefusals(books: BatchBooks, principals: readonly string[], rows: readonly (readonly unknown[])[]): void {
  for (const principal of principals) books.putRefusals(principal, 0);
  for (const [principal, count] of rows) books.putRefusals(principal as string, Number(count));
}

/** What is recorded under ids before a place in the order. */
export async function findRecords(
  session: Pick<Session, "connection" | "sql" | "journal">,
  identities: readonly Identity[],
  beforeSeq: number,
): Promise<readonly (Identity & { readonly record: EarlierRecord })[]> {
  const places = (await findPlaces(session, identities)).filter(({ seq }) => seq < beforeSeq);
  const records = await session.journal.records(places);
  return places.map(({ principal, id }, index) => ({ principal, id, record: records[index]! }));
}

async function findPlaces(
  { connection, sql }: Pick<Session, "connection" | "sql">,
  identities: readonly Identity[],
): Promise<readonly (Identity & RecordPlace)[]> {
  const valid = identities.filter(({ principal, id }) => isIdentifier(principal) && isIdentifier(id));
  if (valid.length === 0) return [];
  const values = [arrayOf(valid.map(({ principal }) => principal)), arrayOf(valid.map(({ id }) => id))];
  const { rows } = await connection.run(sql.commands, values);
  return (rows as readonly string[][]).map(([principal, id, seq, segment]) => {
    return { principal: principal!, id: id!, seq: Number(seq), segment: Number(segment) };
  });
}

/** What could be no principal or id is refused before it is looked for. */
function isIdentifier(text: string): boolean {
  return text.length <= 64 && /^[\x21-\x7e]+$/.test(text);
}
