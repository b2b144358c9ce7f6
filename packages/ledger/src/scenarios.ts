import type { Account } from "./account.ts";
import { balanceMinor } from "./account.ts";
import { deposit, transfer, withdraw, type Command, type Leg } from "./command.ts";
import type { Ledger } from "./ledger.ts";
import { formatAmount, parseAmount, type Currency } from "./money.ts";
import type { Result } from "./result.ts";

/** A story about a ledger: each row is a command and, after the arrow, the answer that every store must give. */
export interface Scenario {
  /** The claim that the rows prove. */
  readonly name: string;
  /** `[principal/]id: verb arguments -> answer`; amounts are decimals of the account's currency. */
  readonly rows: readonly string[];
}

/** The currencies that the scenarios' accounts are in: open the ledger under test with these. */
export const scenarioCurrencies: readonly Currency[] = [
  { code: "USD", exponent: 2 },
  { code: "JPY", exponent: 0 },
  { code: "ETH", exponent: 9 },
];

const MAX_USD = "92233720368547758.07"; // 2^63 - 1 cents

const opened = [
  "o1: open @cash USD debit none -> OK 1",
  "o2: open alice USD credit 0 -> OK 2",
  "o3: open bob USD credit 0 -> OK 3",
];

/** What every store must do. Run each on a ledger of its own, opened with {@link scenarioCurrencies}. */
export const scenarios: readonly Scenario[] = [
  {
    name: "money goes in, across and out, and every cent is accounted for",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "b: transfer alice bob 2.55 -> OK 5 alice=7.45 bob=2.55",
      "c: withdraw bob 0.05 -> OK 6 bob=2.5 @cash=9.95",
      "d: deposit alice 0.1 -> OK 7 @cash=10.05 alice=7.55",
      "e: deposit alice 0.1 -> OK 8 @cash=10.15 alice=7.65",
      "f: deposit alice 0.1 -> OK 9 @cash=10.25 alice=7.75",
    ],
  },
  {
    name: "an account cannot pay more than it has, and pays its last cent",
    rows: [
      ...opened,
      "a: deposit alice 1 -> OK 4 @cash=1 alice=1",
      "b: withdraw alice 1.01 -> NO INSUFFICIENT_FUNDS alice available=1",
      "c: withdraw alice 1 -> OK 6 alice=0 @cash=0",
      "d: transfer alice bob 0.01 -> NO INSUFFICIENT_FUNDS alice available=0",
    ],
  },
  {
    name: "an overdraft limit can be used up to the limit, and an account below it may still receive",
    rows: [
      "o1: open @cash USD debit none -> OK 1",
      "o2: open carol USD credit -5 -> OK 2",
      "a: withdraw carol 5 -> OK 3 carol=-5 @cash=-5",
      "b: withdraw carol 0.01 -> NO INSUFFICIENT_FUNDS carol available=0",
      "c: deposit carol 1 -> OK 5 @cash=-4 carol=-4",
    ],
  },
  {
    name: "the same id and content is the first answer again, however the books have moved since",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "b: withdraw alice 3 -> OK 5 alice=7 @cash=7",
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10 replayed",
      "o2: open alice USD credit 0 -> OK 2 replayed",
    ],
  },
  {
    name: "a decline stays a decline when money has come in since",
    rows: [
      ...opened,
      "a: withdraw alice 5 -> NO INSUFFICIENT_FUNDS alice available=0",
      "b: deposit alice 5 -> OK 5 @cash=5 alice=5",
      "a: withdraw alice 5 -> NO INSUFFICIENT_FUNDS alice available=0 replayed",
      "c: withdraw nobody 5 -> NO ACCOUNT_UNKNOWN nobody",
      "o4: open nobody USD credit 0 -> OK 7",
      "c: withdraw nobody 5 -> NO ACCOUNT_UNKNOWN nobody replayed",
    ],
  },
  {
    name: "an id used for another content is refused, and the first answer stands",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "a: deposit alice 11 -> NO ID_REUSED",
      "a: deposit bob 10 -> NO ID_REUSED",
      "a: open dave USD credit 0 -> NO ID_REUSED",
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10 replayed",
    ],
  },
  {
    name: "ids of different principals never meet",
    rows: [
      ...opened,
      "teller-1/a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "teller-2/a: deposit alice 10 -> OK 5 @cash=20 alice=20",
      "teller-2/a: deposit alice 1 -> NO ID_REUSED",
    ],
  },
  {
    name: "an invalid command is refused without using up its id",
    rows: [
      ...opened,
      "a: deposit alice 0 -> NO AMOUNT_INVALID",
      "a: post alice:D:1 -> NO LEGS_INVALID",
      "a: deposit al/ice 1 -> NO ACCOUNT_INVALID",
      "b: open dave GBP credit 0 -> NO CURRENCY_UNKNOWN",
      "a: deposit alice 1 -> OK 4 @cash=1 alice=1",
    ],
  },
  {
    name: "an entry of many legs happens whole or not at all, and balances in each currency",
    rows: [
      ...opened,
      "o4: open @fees USD credit none -> OK 4",
      "o5: open @fx-usd USD credit none -> OK 5",
      "o6: open @fx-jpy JPY credit none -> OK 6",
      "o7: open emi JPY credit 0 -> OK 7",
      "a: deposit alice 10 -> OK 8 @cash=10 alice=10",
      "b: post alice:D:3 bob:C:2.9 @fees:C:0.1 -> OK 9 alice=7 bob=2.9 @fees=0.1",
      "c: post alice:D:3 bob:C:2.9 -> NO UNBALANCED",
      "d: post alice:D:5 @fx-usd:C:5 @fx-jpy:D:750 emi:C:750 -> OK 11 alice=2 @fx-usd=5 @fx-jpy=-750 emi=750",
      "e: post alice:D:1 emi:C:1 -> NO UNBALANCED",
      "f: post alice:D:1 bob:C:1 bob:D:9 @fees:C:9 -> NO INSUFFICIENT_FUNDS bob available=2.9",
      "g: transfer alice bob 2 -> OK 14 alice=0 bob=4.9",
    ],
  },
  {
    name: "a sum beyond 64 bits is refused, never wrapped",
    rows: [
      ...opened,
      `a: deposit alice ${MAX_USD} -> OK 4 @cash=${MAX_USD} alice=${MAX_USD}`,
      "b: deposit alice 0.01 -> NO OVERFLOW @cash",
      `c: withdraw alice ${MAX_USD} -> OK 6 alice=0 @cash=0`,
      "d: deposit alice 0.01 -> NO OVERFLOW @cash",
    ],
  },
  {
    name: "an account is opened once",
    rows: [
      ...opened,
      "o4: open alice USD credit -100 -> NO ACCOUNT_EXISTS alice",
      "a: withdraw alice 1 -> NO INSUFFICIENT_FUNDS alice available=0",
    ],
  },
  {
    name: "currencies keep their own minor unit",
    rows: [
      "o1: open @eth ETH debit none -> OK 1",
      "o2: open vault ETH credit 0 -> OK 2",
      "a: transfer @eth vault 0.000000001 -> OK 3 @eth=0.000000001 vault=0.000000001",
    ],
  },
];

/**
 * Plays a scenario's rows on a fresh ledger.
 * @throws Error naming the row, what was expected and what came, at the first difference; RangeError for a bad row.
 */
export async function runScenario(ledger: Ledger, scenario: Scenario): Promise<void> {
  for (const row of scenario.rows) {
    const [request = "", expected] = row.split(" -> ");
    const answer = render(await ledger.submit(await parse(ledger, request)));
    if (answer !== expected) {
      throw new Error(`${scenario.name}: "${request}" answered "${answer}", expected "${expected}"`);
    }
  }
  for (const { currency, debitsMinor, creditsMinor } of await ledger.trialBalance()) {
    if (debitsMinor !== creditsMinor) {
      throw new Error(
        `${scenario.name}: ${currency} has debits ${debitsMinor} and credits ${creditsMinor} minor units`,
      );
    }
  }
}

async function parse(ledger: Ledger, request: string): Promise<Command> {
  const [identity = "", verb, ...rest] = request.split(/:? +/);
  const slash = identity.indexOf("/");
  const principal = slash < 0 ? "someone" : identity.slice(0, slash);
  const id = identity.slice(slash + 1);
  const [first = "", second = "", third = "", fourth = ""] = rest;

  switch (verb) {
    case "open": {
      const minBalanceMinor = fourth === "none" ? null : signedMinor(fourth, currencyOf(second));
      const normalSide = third === "debit" ? "debit" : "credit";
      return { kind: "open", principal, id, account: first, currency: second, normalSide, minBalanceMinor };
    }
    case "deposit":
      return deposit({ principal, id, account: first, amountMinor: await minorOf(ledger, first, second) });
    case "withdraw":
      return withdraw({ principal, id, account: first, amountMinor: await minorOf(ledger, first, second) });
    case "transfer":
      return transfer({ principal, id, from: first, to: second, amountMinor: await minorOf(ledger, first, third) });
    case "post": {
      const legs: Leg[] = [];
      for (const text of rest) {
        const [account = "", side, amount = ""] = text.split(":");
        const amountMinor = await minorOf(ledger, account, amount);
        legs.push({ account, side: side === "D" ? "debit" : "credit", amountMinor });
      }
      return { kind: "post", principal, id, legs };
    }
    default:
      throw new RangeError(
        `scenario row "${request}" has the verb "${verb}", expected open, deposit, withdraw, transfer or post`,
      );
  }
}

async function minorOf(ledger: Ledger, account: string, amount: string): Promise<bigint> {
  return signedMinor(amount, currencyOf((await ledger.account(account))?.currency ?? "USD"));
}

function signedMinor(amount: string, currency: Currency): bigint {
  const magnitude = parseAmount(amount.replace(/^-/, ""), currency);
  if (magnitude === undefined)
    throw new RangeError(`scenario has the amount "${amount}", expected a decimal of ${currency.code}`);
  return amount.startsWith("-") ? -magnitude : magnitude;
}

function currencyOf(code: string): Currency {
  return scenarioCurrencies.find((currency) => currency.code === code) ?? { code, exponent: 2 };
}

function render(result: Result): string {
  const replayed = result.replayed ? ["replayed"] : [];
  if (!result.ok) {
    const available =
      result.availableMinor === undefined
        ? []
        : [`available=${formatAmount(result.availableMinor, currencyOf("USD"))}`];
    return [
      "NO",
      result.code,
      ...(result.account === undefined ? [] : [result.account]),
      ...available,
      ...replayed,
    ].join(" ");
  }
  const moved = result.accounts.filter((account) => account.version > 0);
  return ["OK", result.seq, ...moved.map(renderBalance), ...replayed].join(" ");
}

function renderBalance(account: Account): string {
  return `${account.account}=${formatAmount(balanceMinor(account), currencyOf(account.currency))}`;
}
