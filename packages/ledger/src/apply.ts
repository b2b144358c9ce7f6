import { balanceMinor, isAccountName, type Account } from "./account.ts";
import { contentOf, type Command, type OpenCommand, type PostCommand } from "./command.ts";
import { MAX_MINOR } from "./money.ts";
import type { RefusalCode, Refused, Result } from "./result.ts";

/** What deciding a command reads of the books, and all that it reads. */
export interface BooksView {
  /** An account by name, as of now. */
  account(name: string): Account | undefined;
  /** What was recorded under an id, if anything. */
  recorded(principal: string, id: string): Recorded | undefined;
  /** Whether a currency code is known to this ledger. */
  hasCurrency(code: string): boolean;
  /** The place in the order that a command gets if it is recorded now: 1 + the last one's. */
  readonly nextSeq: number;
}

/** A command's content and its first answer, kept for ever under its principal and id. */
export interface Recorded {
  readonly content: string;
  readonly result: Result;
}

/** What a command comes to. With `record` set, the result may be shown only once that record is durable. */
export interface Decision {
  readonly result: Result;
  /** To be written under (principal, id); undefined when nothing changes: a replay, a reused id, an invalid command. */
  readonly record: Recorded | undefined;
}

const LEGS_MIN = 2;
const LEGS_MAX = 64;

/**
 * Decides a command: the one place where the rules of double entry are. Changes nothing; pure in its arguments, so
 * replaying the same commands in the same order gives the same books.
 */
export function apply(books: BooksView, command: Command): Decision {
  const invalid = validate(books, command);
  if (invalid !== undefined) return { result: refused(invalid), record: undefined };

  const content = contentOf(command);
  const earlier = books.recorded(command.principal, command.id);
  if (earlier !== undefined) {
    const result = earlier.content === content ? { ...earlier.result, replayed: true } : refused("ID_REUSED");
    return { result, record: undefined };
  }

  const result = command.kind === "open" ? open(books, command) : post(books, command);
  return { result, record: { content, result } };
}

function validate(books: BooksView, command: Command): RefusalCode | undefined {
  if (!isIdentifier(command.principal) || !isIdentifier(command.id)) return "ID_INVALID";
  if (command.kind === "open") {
    if (!isAccountName(command.account)) return "ACCOUNT_INVALID";
    return books.hasCurrency(command.currency) ? undefined : "CURRENCY_UNKNOWN";
  }
  if (command.legs.some((leg) => !isAccountName(leg.account))) return "ACCOUNT_INVALID";
  if (command.legs.length < LEGS_MIN || command.legs.length > LEGS_MAX) return "LEGS_INVALID";
  return command.legs.some((leg) => leg.amountMinor < 1n || leg.amountMinor > MAX_MINOR) ? "AMOUNT_INVALID" : undefined;
}

function isIdentifier(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text);
}

function open(books: BooksView, command: OpenCommand): Result {
  const { account, currency, normalSide, minBalanceMinor } = command;
  if (books.account(account) !== undefined) return refused("ACCOUNT_EXISTS", { account });
  const opened = { account, currency, normalSide, minBalanceMinor, debitsMinor: 0n, creditsMinor: 0n, version: 0 };
  return { ok: true, seq: books.nextSeq, accounts: [opened], replayed: false };
}

function post(books: BooksView, command: PostCommand): Result {
  const before = new Map<string, Account>();
  for (const { account: name } of command.legs) {
    const account = books.account(name);
    if (account === undefined) return refused("ACCOUNT_UNKNOWN", { account: name });
    before.set(name, account);
  }

  const after = new Map(before);
  const excessDebitsMinor = new Map<string, bigint>(); // by currency; all zero when the entry balances
  for (const leg of command.legs) {
    const account = after.get(leg.account)!;
    const isDebit = leg.side === "debit";
    after.set(leg.account, {
      ...account,
      debitsMinor: account.debitsMinor + (isDebit ? leg.amountMinor : 0n),
      creditsMinor: account.creditsMinor + (isDebit ? 0n : leg.amountMinor),
      version: before.get(leg.account)!.version + 1,
    });
    const excess = excessDebitsMinor.get(account.currency) ?? 0n;
    excessDebitsMinor.set(account.currency, excess + (isDebit ? leg.amountMinor : -leg.amountMinor));
  }
  for (const excess of excessDebitsMinor.values()) if (excess !== 0n) return refused("UNBALANCED");

  for (const account of after.values()) {
    if (account.debitsMinor > MAX_MINOR || account.creditsMinor > MAX_MINOR) {
      return refused("OVERFLOW", { account: account.account });
    }
  }
  for (const account of after.values()) {
    if (account.minBalanceMinor === null) continue;
    const earlierMinor = balanceMinor(before.get(account.account)!);
    const laterMinor = balanceMinor(account);
    // An account that is already below its limit may still receive.
    if (laterMinor < account.minBalanceMinor && laterMinor < earlierMinor) {
      const availableMinor = earlierMinor > account.minBalanceMinor ? earlierMinor - account.minBalanceMinor : 0n;
      return refused("INSUFFICIENT_FUNDS", { account: account.account, availableMinor });
    }
  }
  return { ok: true, seq: books.nextSeq, accounts: [...after.values()], replayed: false };
}

function refused(code: RefusalCode, facts: Pick<Refused, "account" | "availableMinor"> = {}): Refused {
  return { ok: false, code, ...facts, replayed: false };
}
