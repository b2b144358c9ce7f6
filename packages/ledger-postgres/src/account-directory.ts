import { isAccountName } from "@tallyline/ledger";
import type { Connection } from "./connection.ts";
import { readFacts, type AccountFacts } from "./rows.ts";
import type { Statements } from "./statements.ts";
import { arrayOf } from "./arrays.ts";

/** Most accounts remembered, some 300 bytes each; beyond it all are forgotten and read again as they come up. */
const REMEMBERED_MAX = 100_000;

/** Remembers what of accounts never changes, so that most batches lock balances without asking for numbers first. */
export class AccountDirectory {
  readonly #connection: Connection;
  readonly #sql: Statements;
  readonly #byName = new Map<string, AccountFacts>();
  readonly #byNumber = new Map<number, AccountFacts>();

  constructor(connection: Connection, sql: Statements) {
    this.#connection = connection;
    this.#sql = sql;
  }

  named(name: string): AccountFacts | undefined {
    return this.#byName.get(name);
  }

  numbered(number: number): AccountFacts | undefined {
    return this.#byNumber.get(number);
  }

  /** Remembers accounts that were read anyway, or opened. */
  learn(all: readonly AccountFacts[]): void {
    if (this.#byName.size + all.length > REMEMBERED_MAX) {
      this.#byName.clear();
      this.#byNumber.clear();
    }
    for (const facts of all) {
      this.#byName.set(facts.account, facts);
      this.#byNumber.set(facts.number, facts);
    }
  }

  /** Reads the accounts of names, as far as there are such. What could be no name is not asked for. */
  async byName(names: readonly string[]): Promise<readonly AccountFacts[]> {
    const { rows } = await this.#connection.run(this.#sql.accountsByName, [arrayOf(names.filter(isAccountName))]);
    return this.#learnRows(rows);
  }

  /** Reads the accounts of numbers that are not known yet. */
  async loadNumbers(numbers: Iterable<number>): Promise<void> {
    const unknown = [...numbers].filter((number) => !this.#byNumber.has(number));
    if (unknown.length === 0) return;
    const { rows } = await this.#connection.run(this.#sql.accountsByNumber, [arrayOf(unknown)]);
    this.#learnRows(rows);
  }

  #learnRows(rows: readonly (readonly unknown[])[]): readonly AccountFacts[] {
    const all = rows.map(readFacts);
    this.learn(all);
    return all;
  }
}
