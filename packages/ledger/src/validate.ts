import { isAccountName, type AccountProfile } from "./account.ts";
import type { BooksView } from "./books-view.ts";
import type { Command, VersionCondition } from "./command.ts";
import { MAX_MINOR } from "./money.ts";
import type { RefusalCode } from "./result.ts";

/** The ledger's own principal: what it does by itself, nobody else can have done before under the same id. */
export const LEDGER = "@ledger";

const LEGS_MIN = 2;
const LEGS_MAX = 64;
/** A little over 31 years. */
const EXPIRES_IN_MS_MAX = 1e12;
/** As long as ISO 20022 lets a payment's purpose be in words. Control characters could forge a line of a statement. */
const MEMO = /^[^\p{Cc}\p{Cs}\u2028\u2029]{1,140}$/u;
const REF = /^[^\p{Cc}\p{Cs}\u2028\u2029]{1,64}$/u;
const FACT = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;
const FACTS_MAX = 16;
const METADATA_LENGTH_MAX = 1024;

/** What is wrong with a command whatever the state of the books; undefined when nothing is. */
export function validate(books: Pick<BooksView, "hasCurrency">, command: Command): RefusalCode | undefined {
  if (!isIdentifier(command.principal) || !isIdentifier(command.id)) return "ID_INVALID";
  if (command.principal === LEDGER && command.verb !== "expire") return "ID_INVALID";
  const invalid = validateArguments(books, command);
  if (invalid !== undefined || command.verb === "settle" || command.verb === "expire") return invalid;
  if (command.memo !== undefined && !MEMO.test(command.memo)) return "MEMO_INVALID";
  if (command.ref !== undefined && !REF.test(command.ref)) return "REF_INVALID";
  return command.ifVersion === undefined || isCondition(command.ifVersion) ? undefined : "VERSION_INVALID";
}

function validateArguments(books: Pick<BooksView, "hasCurrency">, command: Command): RefusalCode | undefined {
  switch (command.verb) {
    case "open":
      if (!isAccountName(command.account)) return "ACCOUNT_INVALID";
      if (!books.hasCurrency(command.currency)) return "CURRENCY_UNKNOWN";
      return areLimits(command) ? validateProfile(command) : "LIMITS_INVALID";
    case "post":
      for (const leg of command.legs) if (!isAccountName(leg.account)) return "ACCOUNT_INVALID";
      if (command.legs.length < LEGS_MIN || command.legs.length > LEGS_MAX) return "LEGS_INVALID";
      for (const leg of command.legs) if (!isAmount(leg.amountMinor)) return "AMOUNT_INVALID";
      return undefined;
    case "hold":
      if (!isAccountName(command.from) || !isAccountName(command.to)) return "ACCOUNT_INVALID";
      if (!isAmount(command.amountMinor)) return "AMOUNT_INVALID";
      return isExpiry(command.expiresInMs) ? undefined : "EXPIRY_INVALID";
    case "capture":
      if (!isIdentifier(command.hold)) return "ID_INVALID";
      return command.amountMinor === null || isAmount(command.amountMinor) ? undefined : "AMOUNT_INVALID";
    case "release":
      return isIdentifier(command.hold) ? undefined : "ID_INVALID";
    case "reverse":
      return isIdentifier(command.entry) ? undefined : "ID_INVALID";
    case "limit":
      if (!isAccountName(command.account)) return "ACCOUNT_INVALID";
      return areLimits(command) ? undefined : "LIMITS_INVALID";
    case "freeze":
    case "unfreeze":
    case "close":
      return isAccountName(command.account) ? undefined : "ACCOUNT_INVALID";
    case "expire":
    case "settle":
      return undefined;
  }
}

function validateProfile({ owner, metadata = {} }: AccountProfile): RefusalCode | undefined {
  if (owner !== undefined && !isIdentifier(owner)) return "OWNER_INVALID";
  const facts = Object.entries(metadata);
  const length = facts.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (facts.length > FACTS_MAX || length > METADATA_LENGTH_MAX) return "METADATA_INVALID";
  const areTexts = facts.every(([name, value]) => isIdentifier(name) && FACT.test(value));
  return areTexts ? undefined : "METADATA_INVALID";
}

function isIdentifier(text: string): boolean {
  return text.length <= 64 && /^[\x21-\x7e]+$/.test(text);
}

function isCondition({ account, version }: VersionCondition): boolean {
  return isAccountName(account) && Number.isSafeInteger(version) && version >= 0;
}

function isAmount(amountMinor: bigint): boolean {
  return amountMinor >= 1n && amountMinor <= MAX_MINOR;
}

function isExpiry(expiresInMs: number | null): boolean {
  return (
    expiresInMs === null || (Number.isInteger(expiresInMs) && expiresInMs >= 1 && expiresInMs <= EXPIRES_IN_MS_MAX)
  );
}

function areLimits(terms: {
  readonly minBalanceMinor: bigint | null;
  readonly maxBalanceMinor: bigint | null;
}): boolean {
  const { minBalanceMinor, maxBalanceMinor } = terms;
  const isInRange = (limit: bigint | null) => limit === null || (limit >= -MAX_MINOR && limit <= MAX_MINOR);
  const isOrdered = minBalanceMinor === null || maxBalanceMinor === null || minBalanceMinor <= maxBalanceMinor;
  return isInRange(minBalanceMinor) && isInRange(maxBalanceMinor) && isOrdered;
}
