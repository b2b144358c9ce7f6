import { availableMinor, balanceMinor, type Account, type AccountKind } from "./account.ts";
import type { BooksOptions } from "./books.ts";
import { deposit, transfer, withdraw, type Identity, type Leg, type Request, type Submission } from "./command.ts";
import type { Found, Ledger } from "./ledger.ts";
import { formatAmount, parseAmount, type Currency } from "./money.ts";
import type { AccountPage, HoldPage } from "./page.ts";
import type { Result } from "./result.ts";
import type { Scenario } from "./scenario-tables.ts";

/** Opens an empty ledger of the kind under test; the scenario closes it. */
export type OpenLedger = (options: BooksOptions & { readonly now: () => number }) => Promise<Ledger>;

const CURRENCIES: readonly Currency[] = [
  { code: "USD", exponent: 2 },
  { code: "JPY", exponent: 0 },
  { code: "ETH", exponent: 9 },
];

/**
 * Plays a scenario's rows on a ledger of its own, with a clock of its own.
 * @throws Error naming the row, what was expected and what came, at the first difference; RangeError for a bad row.
 */
export async function runScenario(open: OpenLedger, scenario: Scenario): Promise<void> {
  const clock = { nowMs: 1_000_000 };
  const maxRefusalsPerPrincipal = scenario.maxRefusalsPerPrincipal ?? 1000;
  const ledger = await open({ currencies: CURRENCIES, maxRefusalsPerPrincipal, now: () => clock.nowMs });
  try {
    for (const row of scenario.rows) {
      const [request = "", expected] = row.split(" -> ");
      const answer = await play(ledger, clock, request);
      if (answer !== expected) {
        throw new Error(`${scenario.name}: "${request}" answered "${answer}", expected "${expected}"`);
      }
    }
    const verification = await ledger.verify();
    if (!verification.ok) throw new Error(`${scenario.name}: at ${verification.seq}, ${verification.what}`);
    for (const { currency, debitsMinor, creditsMinor } of await ledger.trialBalance()) {
      if (debitsMinor === creditsMinor) continue;
      throw new Error(
        `${scenario.name}: ${currency} has debits of ${debitsMinor} and credits of ${creditsMinor} minor units`,
      );
    }
  } finally {
    await ledger.close();
  }
}

async function play(ledger: Ledger, clock: { nowMs: number }, request: string): Promise<string | undefined> {
  const [subject = "", ...words] = request.split(/:? +/);
  const [first = "", second = ""] = words;
  switch (subject) {
    case "clock":
      clock.nowMs += Number(first);
      return undefined;
    case "show":
      return showAccount(await ledger.account(first));
    case "list":
      return showList(await ledger.accounts({ limit: 3, ...(first !== "" && { after: first }) }));
    case "holds":
      return showHolds(await ledger.holds(first, { limit: 3, afterSeq: Number(second) }));
    case "statement":
      return showStatement(ledger, first, { afterVersion: Number(second) });
    case "lookup":
      return showFound(await ledger.lookup(identityOf(first)));
    case "preview":
      return showResult(await ledger.preview(await commandOf(ledger, first, words.slice(1))));
    default:
      return showResult(await ledger.submit(await commandOf(ledger, subject, words)));
  }
}

function identityOf(text: string): Identity {
  const slash = text.indexOf("/");
  return { principal: slash < 0 ? "someone" : text.slice(0, slash), id: text.slice(slash + 1) };
}

/** Words such as `memo=rent`, `ref=4711` and `if=alice@3`, wherever they stand. */
function requestOf(identity: string, words: readonly string[]): Request {
  const option = (name: string) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const [memo, ref, condition] = [option("memo"), option("ref"), option("if")];
  const [account = "", version] = condition?.split("@") ?? [];
  return {
    ...identityOf(identity),
    ...(memo !== undefined && { memo }),
    ...(ref !== undefined && { ref }),
    ...(condition !== undefined && { ifVersion: { account, version: Number(version) } }),
  };
}

async function commandOf(ledger: Ledger, identity: string, words: readonly string[]): Promise<Submission> {
  const who = requestOf(identity, words);
  const [verb, ...args] = words.filter((word) => !word.includes("="));
  const [first = "", second = "", third = "", fourth = "none", fifth = "none"] = args;
  const amountOf = async (account: string, amount: string) => signed(amount, currencyOf(await ledger.account(account)));

  switch (verb) {
    case "open": {
      const currency = CURRENCIES.find(({ code }) => code === second);
      const limits = { minBalanceMinor: limit(fourth, currency), maxBalanceMinor: limit(fifth, currency) };
      return { verb, ...who, account: first, currency: second, kind: third as AccountKind, ...limits };
    }
    case "deposit":
      return deposit({ ...who, account: first, amountMinor: await amountOf(first, second) });
    case "withdraw":
      return withdraw({ ...who, account: first, amountMinor: await amountOf(first, second) });
    case "transfer":
      return transfer({ ...who, from: first, to: second, amountMinor: await amountOf(first, third) });
    case "post": {
      const legs: Leg[] = [];
      for (const word of args) {
        const [account = "", side, amount = ""] = word.split(":");
        legs.push({ account, side: side === "D" ? "debit" : "credit", amountMinor: await amountOf(account, amount) });
      }
      return { verb, ...who, legs };
    }
    case "hold": {
      const amountMinor = await amountOf(first, third);
      const expiresInMs = fourth === "none" ? null : Number(fourth);
      return { verb, ...who, from: first, to: second, amountMinor, expiresInMs };
    }
    case "capture": {
      const amountMinor = second === "all" ? null : signed(second, CURRENCIES[0]);
      return { verb, ...who, hold: first, amountMinor, isFinal: third === "final" };
    }
    case "release":
      return { verb, ...who, hold: first };
    case "reverse":
      return { verb, ...who, entry: first };
    case "limit": {
      const currency = currencyOf(await ledger.account(first));
      const limits = { minBalanceMinor: limit(second, currency), maxBalanceMinor: limit(third, currency) };
      return { verb, ...who, account: first, ...limits };
    }
    case "freeze":
    case "unfreeze":
    case "close":
      return { verb, ...who, account: first };
    case "settle":
      return { verb, ...who };
    default:
      throw new RangeError(`scenario row has the verb "${verb}", which is none`);
  }
}

function limit(text: string, currency: Currency | undefined): bigint | null {
  return text === "none" ? null : signed(text, currency);
}

function signed(text: string, currency: Currency = CURRENCIES[0]!): bigint {
  const magnitude = parseAmount(text.replace(/^-/, ""), currency);
  if (magnitude === undefined)
    throw new RangeError(`scenario has the amount "${text}", expected a decimal of ${currency.code}`);
  return text.startsWith("-") ? -magnitude : magnitude;
}

function currencyOf(account: Account | undefined): Currency | undefined {
  return CURRENCIES.find(({ code }) => code === account?.currency);
}

function show(amountMinor: bigint, account?: Account): string {
  return formatAmount(amountMinor, currencyOf(account) ?? CURRENCIES[0]!);
}

function showResult(result: Result): string {
  const words: string[] = [];
  if (result.ok) {
    const moved = result.accounts.filter(({ account }) => result.legs.some((leg) => leg.account === account));
    words.push("OK", String(result.seq));
    words.push(...moved.map((account) => `${account.account}=${show(balanceMinor(account), account)}`));
    if (result.hold !== undefined) words.push(`${result.hold.state} left=${show(result.hold.leftMinor)}`);
  } else {
    words.push("NO", result.code);
    if (result.account !== undefined) words.push(result.account);
    if (result.availableMinor !== undefined) words.push(`available=${show(result.availableMinor)}`);
  }
  if (result.replayed) words.push("replayed");
  return words.join(" ");
}

function showAccount(account: Account | undefined): string {
  if (account === undefined) return "unknown";
  const { status, version } = account;
  return `${status} balance=${show(balanceMinor(account), account)} available=${show(availableMinor(account), account)} version=${version}`;
}

function showList({ accounts, hasMore }: AccountPage): string {
  return [...accounts.map(({ account }) => account), ...(hasMore ? ["more"] : [])].join(" ");
}

function showHolds(page: HoldPage | undefined): string {
  if (page === undefined) return "unknown";
  const holds = page.holds.map(({ id, from, to, leftMinor }) => `${id}:${from}:${to}:${show(leftMinor)}`);
  return [...holds, ...(page.hasMore ? ["more"] : [])].join(" ");
}

function showFound(found: Found | undefined): string {
  return found === undefined ? "unseen" : `${found.command.verb} ${showResult(found.answer)}`;
}

async function showStatement(ledger: Ledger, name: string, range: { readonly afterVersion: number }): Promise<string> {
  const account = await ledger.account(name);
  const statement = await ledger.statement(name, { ...range, limit: 3 });
  if (account === undefined || statement === undefined) return "unknown";
  const entries = statement.entries.map(({ version, side, amountMinor, balanceMinor: balance, memo, ref }) => {
    const line = `${version}:${side === "debit" ? "D" : "C"}:${show(amountMinor, account)}=${show(balance, account)}`;
    return [line, memo, ref].filter((word) => word !== undefined).join("/");
  });
  const ends = [`opening=${show(statement.openingMinor, account)}`, `closing=${show(statement.closingMinor, account)}`];
  return [ends[0], ...entries, ends[1], ...(statement.hasMore ? ["more"] : [])].join(" ");
}
