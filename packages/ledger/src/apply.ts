import type { Account } from "./account.ts";
import { AccountsDraft } from "./accounts-draft.ts";
import type { BooksView, Recorded } from "./books-view.ts";
import type {
  CaptureCommand,
  Command,
  ExpireCommand,
  HoldCommand,
  Leg,
  LimitCommand,
  OpenCommand,
  PostCommand,
  ReleaseCommand,
  Request,
  ReverseCommand,
  StatusCommand,
} from "./command.ts";
import { contentOf } from "./content.ts";
import { refused, type Done, type Hold, type Refused, type Result } from "./result.ts";
import { validate } from "./validate.ts";

/** What a command comes to. With `record` set, the result may be shown only once that record is durable. */
export interface Decision {
  readonly result: Result;
  /** To be written under (principal, id); undefined when nothing changes: a replay, a reused id, an invalid command. */
  readonly record: Recorded | undefined;
}

/** What took effect, but for its place and time, which are the same for all commands. */
type Effect = Pick<Done, "accounts"> & Partial<Pick<Done, "legs" | "hold" | "reversedSeq">>;

const FENCE = contentOf({ verb: "settle", principal: "", id: "" });

/**
 * Decides a command: the one place where the rules of double entry are. Changes nothing; pure in its arguments, so
 * replaying the same commands at the same times gives the same books.
 *
 * @param atMs The ledger's clock, in milliseconds since 1970. It must never go back, and holds that are due by it must
 *   have been expired before.
 */
export function apply(books: BooksView, command: Command, atMs: number): Decision {
  const invalid = validate(books, command);
  if (invalid !== undefined) return { result: refused(invalid), record: undefined };

  const earlier = books.recorded(command.principal, command.id);
  if (earlier !== undefined) return { result: again(earlier, contentOf(command)), record: undefined };

  const outcome = command.verb === "settle" ? refused("ID_FENCED") : decide(books, command, atMs);
  if (!isRefused(outcome)) {
    const result: Done = { ok: true, seq: books.nextSeq, atMs, legs: [], ...outcome, replayed: false };
    return { result, record: new NewRecord(command, result) };
  }
  // A fence is how a principal gets out of not knowing, so it is never turned away.
  if (command.verb !== "settle" && books.hasTooManyRefusals(command.principal)) {
    return { result: refused("TOO_MANY_REFUSALS"), record: undefined };
  }
  return { result: outcome, record: new NewRecord(command, outcome) };
}

/** Its content is made where somebody asks for it: a store that writes commands down needs it for none but repeated ones. */
class NewRecord implements Recorded {
  readonly #command: Command;
  readonly result: Result;

  constructor(command: Command, result: Result) {
    this.#command = command;
    this.result = result;
  }

  get content(): string {
    return contentOf(this.#command);
  }
}

/** The answer to an id that has one. Settling asks for it by the id alone. */
function again(earlier: Recorded, content: string): Result {
  const isSame = content === earlier.content || content === FENCE || earlier.content === FENCE;
  return isSame ? { ...earlier.result, replayed: true } : refused("ID_REUSED");
}

function decide(books: BooksView, command: Exclude<Command, { verb: "settle" }>, atMs: number): Effect | Refused {
  const conflict = command.verb === "expire" ? undefined : checkVersion(books, command);
  if (conflict !== undefined) return conflict;
  switch (command.verb) {
    case "open":
      return open(books, command);
    case "post":
      return post(books, command);
    case "hold":
      return hold(books, command, atMs);
    case "capture":
      return capture(books, command);
    case "release":
      return release(books, command);
    case "expire":
      return expire(books, command, atMs);
    case "reverse":
      return reverse(books, command);
    case "limit":
      return limit(books, command);
    case "freeze":
    case "unfreeze":
    case "close":
      return setStatus(books, command);
  }
}

/** Comes before all else that depends on the books: who expects another version expects other books. */
function checkVersion(books: BooksView, { ifVersion }: Request): Refused | undefined {
  if (ifVersion === undefined) return undefined;
  const account = books.account(ifVersion.account);
  if (account === undefined) return refused("ACCOUNT_UNKNOWN", { account: ifVersion.account });
  return account.version === ifVersion.version ? undefined : refused("VERSION_CONFLICT", { account: account.account });
}

function open(books: BooksView, command: OpenCommand): Effect | Refused {
  const { account, currency, kind, minBalanceMinor, maxBalanceMinor } = command;
  if (books.account(account) !== undefined) return refused("ACCOUNT_EXISTS", { account });
  const terms = { account, currency, kind, minBalanceMinor, maxBalanceMinor };
  const sums = { debitsMinor: 0n, creditsMinor: 0n, heldDebitsMinor: 0n, heldCreditsMinor: 0n };
  return { accounts: [{ ...terms, status: "open", ...sums, version: 0 }] };
}

function post(books: BooksView, { legs }: Pick<PostCommand, "legs">): Effect | Refused {
  const draft = new AccountsDraft();
  const unusable = draft.load(
    books,
    legs.map((leg) => leg.account),
  );
  if (unusable !== undefined) return unusable;
  if (draft.size === 1) return refused("SAME_ACCOUNT", { account: legs[0]!.account });

  for (const leg of legs) draft.post(leg);
  if (!isBalanced(legs, draft)) return refused("UNBALANCED");
  return draft.check() ?? { legs, accounts: draft.accounts() };
}

/** Whether debits equal credits in each currency. */
function isBalanced(legs: readonly Leg[], draft: AccountsDraft): boolean {
  const { currency } = draft.get(legs[0]!.account);
  let others: Leg[] | undefined; // most entries have one currency
  let excessMinor = 0n;
  for (const leg of legs) {
    if (draft.get(leg.account).currency !== currency) (others ??= []).push(leg);
    else if (leg.side === "debit") excessMinor += leg.amountMinor;
    else excessMinor -= leg.amountMinor;
  }
  return excessMinor === 0n && (others === undefined || isBalanced(others, draft));
}

function hold(books: BooksView, command: HoldCommand, atMs: number): Effect | Refused {
  const { principal, id, from, to, amountMinor, expiresInMs } = command;
  const draft = new AccountsDraft();
  const unusable = draft.load(books, [from, to]);
  if (unusable !== undefined) return unusable;
  if (from === to) return refused("SAME_ACCOUNT", { account: from });
  if (draft.get(from).currency !== draft.get(to).currency) return refused("CURRENCY_MISMATCH", { account: to });

  draft.setAside(command, amountMinor);
  const expiresAtMs = expiresInMs === null ? null : atMs + expiresInMs;
  const parties = { principal, id, from, to };
  const made: Hold = {
    seq: books.nextSeq,
    ...parties,
    amountMinor,
    leftMinor: amountMinor,
    expiresAtMs,
    state: "held",
  };
  return draft.check() ?? { accounts: draft.accounts(), hold: made };
}

function capture(books: BooksView, command: CaptureCommand): Effect | Refused {
  const held = findHold(books, command);
  if (isRefused(held)) return held;
  const amountMinor = command.amountMinor ?? held.leftMinor;
  if (amountMinor > held.leftMinor) return refused("CAPTURE_EXCEEDS_HOLD", { availableMinor: held.leftMinor });

  const draft = new AccountsDraft();
  const unusable = draft.load(books, [held.from, held.to]);
  if (unusable !== undefined) return unusable;
  const legs: Leg[] = [
    { account: held.from, side: "debit", amountMinor },
    { account: held.to, side: "credit", amountMinor },
  ];
  for (const leg of legs) draft.post(leg);
  const leftMinor = command.isFinal ? 0n : held.leftMinor - amountMinor;
  draft.setAside(held, leftMinor - held.leftMinor);
  // No limit is checked: what a hold has set aside can always be captured.
  const state = leftMinor === 0n ? "captured" : "held";
  return { legs, accounts: draft.accounts(), hold: { ...held, leftMinor, state } };
}

function release(books: BooksView, command: ReleaseCommand): Effect | Refused {
  const held = findHold(books, command);
  return isRefused(held) ? held : giveBack(books, held, "released");
}

function expire(books: BooksView, { holdSeq }: ExpireCommand, atMs: number): Effect | Refused {
  const held = books.hold(holdSeq);
  if (held?.state !== "held") throw new Error(`hold ${holdSeq} cannot expire: it is ${held?.state ?? "unknown"}`);
  if (held.expiresAtMs === null || held.expiresAtMs > atMs) throw new Error(`hold ${holdSeq} cannot expire at ${atMs}`);
  return giveBack(books, held, "expired");
}

/** A frozen account gets its money back too. */
function giveBack(books: BooksView, held: Hold, state: "released" | "expired"): Effect {
  const draft = new AccountsDraft();
  for (const name of [held.from, held.to]) draft.loadAny(books.account(name)!);
  draft.setAside(held, -held.leftMinor);
  return { accounts: draft.accounts(), hold: { ...held, leftMinor: 0n, state } };
}

function findHold(books: BooksView, command: CaptureCommand | ReleaseCommand): Hold | Refused {
  const made = books.recorded(command.principal, command.hold)?.result;
  const held = made?.ok === true && made.hold?.seq === made.seq ? books.hold(made.seq) : undefined;
  switch (held?.state) {
    case undefined:
      return refused("HOLD_UNKNOWN");
    case "captured":
      return refused("HOLD_CAPTURED");
    case "released":
      return refused("HOLD_RELEASED");
    case "expired":
      return refused("HOLD_EXPIRED");
    case "held":
      return held;
  }
}

function reverse(books: BooksView, command: ReverseCommand): Effect | Refused {
  const entry = books.recorded(command.principal, command.entry)?.result;
  if (entry?.ok !== true || entry.legs.length === 0) return refused("ENTRY_UNKNOWN");
  if (books.isReversed(entry.seq)) return refused("ALREADY_REVERSED");

  const legs = entry.legs.map((leg): Leg => ({ ...leg, side: leg.side === "debit" ? "credit" : "debit" }));
  const effect = post(books, { legs });
  return isRefused(effect) ? effect : { ...effect, reversedSeq: entry.seq };
}

function limit(books: BooksView, command: LimitCommand): Effect | Refused {
  const account = books.account(command.account);
  if (account === undefined) return refused("ACCOUNT_UNKNOWN", { account: command.account });
  if (account.status === "closed") return refused("ACCOUNT_CLOSED", { account: command.account });
  const { minBalanceMinor, maxBalanceMinor } = command;
  return { accounts: [{ ...account, minBalanceMinor, maxBalanceMinor }] };
}

function setStatus(books: BooksView, { verb, account: name }: StatusCommand): Effect | Refused {
  const account = books.account(name);
  if (account === undefined) return refused("ACCOUNT_UNKNOWN", { account: name });
  if (account.status === "closed") return refused("ACCOUNT_CLOSED", { account: name });
  if (verb === "close" && !isEmpty(account)) return refused("ACCOUNT_NOT_EMPTY", { account: name });
  const status = verb === "freeze" ? "frozen" : verb === "close" ? "closed" : "open";
  return { accounts: [{ ...account, status }] };
}

function isEmpty({ debitsMinor, creditsMinor, heldDebitsMinor, heldCreditsMinor }: Account): boolean {
  return debitsMinor === creditsMinor && heldDebitsMinor === 0n && heldCreditsMinor === 0n;
}

function isRefused(outcome: object): outcome is Refused {
  return "ok" in outcome && outcome.ok === false;
}
