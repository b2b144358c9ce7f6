/** A story about a ledger: each row is a request and, after the arrow, the answer that every store must give. */
export interface Scenario {
  /** The claim that the rows prove. */
  readonly name: string;
  /**
   * - `[principal/]id: verb arguments -> OK seq balances` or `-> NO CODE facts`; amounts are decimals
   * - `show account -> status, balance, available, version`
   * - `statement account after-version -> opening, at most three entries version:side:amount=balance, closing`
   * - `clock milliseconds`: time passes
   */
  readonly rows: readonly string[];
  /** How many refusals the ledger records for one principal. Default 1,000. */
  readonly maxRefusalsPerPrincipal?: number;
}

const MAX_USD = "92233720368547758.07"; // 2^63 - 1 cents

/** `open ACCOUNT CURRENCY KIND [MIN] [MAX]`. */
const opened = [
  "o1: open @cash USD asset -> OK 1",
  "o2: open alice USD liability 0 -> OK 2",
  "o3: open bob USD liability 0 -> OK 3",
];

/** What every store must do. */
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
      "show alice -> open balance=7.75 available=7.75 version=5",
      "show carol -> unknown",
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
    name: "an overdraft can be used up to its limit, and who is below it may still receive",
    rows: [
      ...opened,
      "o4: open carol USD liability -5 -> OK 4",
      "a: withdraw carol 5 -> OK 5 carol=-5 @cash=-5",
      "b: withdraw carol 0.01 -> NO INSUFFICIENT_FUNDS carol available=0",
      "l: limit carol 0 none -> OK 7",
      "c: deposit carol 1 -> OK 8 @cash=-4 carol=-4",
      "d: withdraw carol 1 -> NO INSUFFICIENT_FUNDS carol available=0",
    ],
  },
  {
    name: "a ceiling is never passed, and who is above it may still pay",
    rows: [
      ...opened,
      "o4: open purse USD liability 0 10 -> OK 4",
      "a: deposit purse 10 -> OK 5 @cash=10 purse=10",
      "b: deposit purse 0.01 -> NO BALANCE_CEILING purse",
      "l: limit purse 0 5 -> OK 7",
      "c: withdraw purse 1 -> OK 8 purse=9 @cash=9",
      "d: deposit purse 1 -> NO BALANCE_CEILING purse",
      "m: limit purse 0 none -> OK 10",
      "e: deposit purse 100 -> OK 11 @cash=109 purse=109",
      "n: limit nobody 0 none -> NO ACCOUNT_UNKNOWN nobody",
      "p: limit alice 5 4 -> NO LIMITS_INVALID",
    ],
  },
  {
    name: "the same id and content is the first answer again, however the books have moved since",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "b: withdraw alice 3 -> OK 5 alice=7 @cash=7",
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10 replayed",
      "o2: open alice USD liability 0 -> OK 2 replayed",
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
      "o4: open nobody USD liability 0 -> OK 7",
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
      "a: freeze alice -> NO ID_REUSED",
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
      "teller-2/r: reverse b -> NO ENTRY_UNKNOWN",
    ],
  },
  {
    name: "an invalid command is refused without using up its id",
    rows: [
      ...opened,
      "a: deposit alice 0 -> NO AMOUNT_INVALID",
      "a: post alice:D:1 -> NO LEGS_INVALID",
      "a: deposit al/ice 1 -> NO ACCOUNT_INVALID",
      "a: hold alice bob 1 0.5 -> NO EXPIRY_INVALID",
      "b: open dave GBP liability 0 -> NO CURRENCY_UNKNOWN",
      "a: deposit alice 1 -> OK 4 @cash=1 alice=1",
    ],
  },
  {
    name: "an entry of many legs happens whole or not at all, and balances in each currency",
    rows: [
      ...opened,
      "o4: open @fees USD income -> OK 4",
      "o5: open @fx-usd USD equity -> OK 5",
      "o6: open @fx-jpy JPY equity -> OK 6",
      "o7: open emi JPY liability 0 -> OK 7",
      "a: deposit alice 10 -> OK 8 @cash=10 alice=10",
      "b: post alice:D:3 bob:C:2.9 @fees:C:0.1 -> OK 9 alice=7 bob=2.9 @fees=0.1",
      "c: post alice:D:3 bob:C:2.9 -> NO UNBALANCED",
      "d: post alice:D:5 @fx-usd:C:5 @fx-jpy:D:750 emi:C:750 -> OK 11 alice=2 @fx-usd=5 @fx-jpy=-750 emi=750",
      "e: post alice:D:1 emi:C:1 -> NO UNBALANCED",
      "f: post alice:D:1 bob:C:1 bob:D:9 @fees:C:9 -> NO INSUFFICIENT_FUNDS bob available=2.9",
      "g: post alice:D:1 alice:C:1 -> NO SAME_ACCOUNT alice",
      "h: transfer alice bob 2 -> OK 15 alice=0 bob=4.9",
    ],
  },
  {
    name: "a balance beyond 64 bits is refused, never wrapped, and turnover never wears an account out",
    rows: [
      ...opened,
      `a: deposit alice ${MAX_USD} -> OK 4 @cash=${MAX_USD} alice=${MAX_USD}`,
      "b: deposit alice 0.01 -> NO OVERFLOW @cash",
      `c: withdraw alice ${MAX_USD} -> OK 6 alice=0 @cash=0`,
      `d: deposit alice ${MAX_USD} -> OK 7 @cash=${MAX_USD} alice=${MAX_USD}`,
      "e: hold @cash alice 0.01 -> NO OVERFLOW @cash",
      "f: withdraw alice 1 -> OK 9 alice=92233720368547757.07 @cash=92233720368547757.07",
    ],
  },
  {
    name: "currencies keep their own minor unit",
    rows: [
      "o1: open @eth ETH asset -> OK 1",
      "o2: open vault ETH liability 0 -> OK 2",
      "a: transfer @eth vault 0.000000001 -> OK 3 @eth=0.000000001 vault=0.000000001",
    ],
  },
  {
    name: "an account is opened once",
    rows: [
      ...opened,
      "o4: open alice USD liability -100 -> NO ACCOUNT_EXISTS alice",
      "a: withdraw alice 1 -> NO INSUFFICIENT_FUNDS alice available=0",
    ],
  },
  {
    name: "a hold sets money aside without moving it, and its captures always find it",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "h: hold alice bob 6 -> OK 5 held left=6",
      "show alice -> open balance=10 available=4 version=1",
      "show bob -> open balance=0 available=0 version=0",
      "b: withdraw alice 4.01 -> NO INSUFFICIENT_FUNDS alice available=4",
      "c: withdraw alice 4 -> OK 7 alice=6 @cash=6",
      "d: capture h 2.5 -> OK 8 alice=3.5 bob=2.5 held left=3.5",
      "e: capture h 3.51 -> NO CAPTURE_EXCEEDS_HOLD available=3.5",
      "f: capture h all -> OK 10 alice=0 bob=6 captured left=0",
      "g: capture h 0.01 -> NO HOLD_CAPTURED",
      "d: capture h 2.5 -> OK 8 alice=3.5 bob=2.5 held left=3.5 replayed",
    ],
  },
  {
    name: "a final capture and a release give back what is left",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "h1: hold alice bob 4 -> OK 5 held left=4",
      "h2: hold alice bob 6 -> OK 6 held left=6",
      "b: capture h1 1 final -> OK 7 alice=9 bob=1 captured left=0",
      "c: release h2 -> OK 8 released left=0",
      "show alice -> open balance=9 available=9 version=2",
      "d: release h2 -> NO HOLD_RELEASED",
      "e: capture h2 1 -> NO HOLD_RELEASED",
      "f: release a -> NO HOLD_UNKNOWN",
      "g: capture b 1 -> NO HOLD_UNKNOWN",
      "i: hold alice alice 1 -> NO SAME_ACCOUNT alice",
    ],
  },
  {
    name: "a hold expires on the ledger's clock, before whatever comes after, and never early",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "h1: hold alice bob 6 1000 -> OK 5 held left=6",
      "h2: hold alice bob 3 500 -> OK 6 held left=3",
      "h3: hold alice bob 1 2000 -> OK 7 held left=1",
      "clock 499",
      "b: withdraw alice 0.01 -> NO INSUFFICIENT_FUNDS alice available=0",
      "clock 501",
      "c: withdraw alice 9 -> OK 11 alice=1 @cash=1",
      "d: capture h1 1 -> NO HOLD_EXPIRED",
      "e: release h2 -> NO HOLD_EXPIRED",
      "f: capture h3 1 -> OK 14 alice=0 bob=1 captured left=0",
      "clock 5000",
      "show alice -> open balance=0 available=0 version=3",
    ],
  },
  {
    name: "a clock that goes back neither un-expires a hold nor keeps one for longer",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "h1: hold alice bob 6 1000 -> OK 5 held left=6",
      "clock 1000",
      "show alice -> open balance=10 available=10 version=1",
      "clock -999999",
      "h2: hold alice bob 6 1000 -> OK 7 held left=6",
      "clock 1001000",
      "show alice -> open balance=10 available=10 version=1",
    ],
  },
  {
    name: "money that a hold promises counts towards a ceiling",
    rows: [
      ...opened,
      "o4: open purse USD liability 0 10 -> OK 4",
      "a: deposit alice 20 -> OK 5 @cash=20 alice=20",
      "h: hold alice purse 8 -> OK 6 held left=8",
      "b: deposit purse 3 -> NO BALANCE_CEILING purse",
      "c: deposit purse 2 -> OK 8 @cash=22 purse=2",
      "d: capture h all -> OK 9 alice=12 purse=10 captured left=0",
    ],
  },
  {
    name: "an entry is reversed at most once, and a reversal is an entry",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "b: transfer alice bob 4 -> OK 5 alice=6 bob=4",
      "r1: reverse b -> OK 6 alice=10 bob=0",
      "r2: reverse b -> NO ALREADY_REVERSED",
      "r1: reverse b -> OK 6 alice=10 bob=0 replayed",
      "r3: reverse r1 -> OK 8 alice=6 bob=4",
      "c: withdraw alice 6 -> OK 9 alice=0 @cash=4",
      "r4: reverse a -> NO INSUFFICIENT_FUNDS alice available=0",
      "r5: reverse o2 -> NO ENTRY_UNKNOWN",
      "r6: reverse r4 -> NO ENTRY_UNKNOWN",
    ],
  },
  {
    name: "a frozen account takes and gives nothing, keeps its holds, and gives back what they held",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "h1: hold alice bob 1 -> OK 5 held left=1",
      "h2: hold alice bob 2 1000 -> OK 6 held left=2",
      "f: freeze alice -> OK 7",
      "b: deposit alice 1 -> NO ACCOUNT_FROZEN alice",
      "c: transfer alice bob 1 -> NO ACCOUNT_FROZEN alice",
      "d: capture h1 1 -> NO ACCOUNT_FROZEN alice",
      "e: release h1 -> OK 11 released left=0",
      "clock 1000",
      "show alice -> frozen balance=10 available=10 version=1",
      "g: unfreeze alice -> OK 13",
      "i: transfer alice bob 1 -> OK 14 alice=9 bob=1",
    ],
  },
  {
    name: "an account is closed when it is empty, and for ever",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "c1: close alice -> NO ACCOUNT_NOT_EMPTY alice",
      "h: hold alice bob 10 -> OK 6 held left=10",
      "c2: close bob -> NO ACCOUNT_NOT_EMPTY bob",
      "b: release h -> OK 8 released left=0",
      "c3: close bob -> OK 9",
      "d: transfer alice bob 1 -> NO ACCOUNT_CLOSED bob",
      "e: unfreeze bob -> NO ACCOUNT_CLOSED bob",
      "f: limit bob 0 none -> NO ACCOUNT_CLOSED bob",
      "g: open bob USD liability 0 -> NO ACCOUNT_EXISTS bob",
    ],
  },
  {
    name: "settling tells what became of an id, or fences it so that it never takes effect",
    rows: [
      ...opened,
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "b: withdraw alice 11 -> NO INSUFFICIENT_FUNDS alice available=10",
      "a: settle -> OK 4 @cash=10 alice=10 replayed",
      "b: settle -> NO INSUFFICIENT_FUNDS alice available=10 replayed",
      "c: settle -> NO ID_FENCED",
      "c: settle -> NO ID_FENCED replayed",
      "c: withdraw alice 1 -> NO ID_FENCED replayed",
      "other/c: withdraw alice 1 -> OK 7 alice=9 @cash=9",
    ],
  },
  {
    name: "a principal that does nothing but fail is turned away without a record, and can still settle",
    maxRefusalsPerPrincipal: 2,
    rows: [
      ...opened,
      "a: withdraw alice 1 -> NO INSUFFICIENT_FUNDS alice available=0",
      "b: withdraw alice 1 -> NO INSUFFICIENT_FUNDS alice available=0",
      "c: withdraw alice 1 -> NO TOO_MANY_REFUSALS",
      "a: withdraw alice 1 -> NO INSUFFICIENT_FUNDS alice available=0 replayed",
      "d: deposit alice 1 -> OK 6 @cash=1 alice=1",
      "c: withdraw alice 1 -> OK 7 alice=0 @cash=0",
      "e: settle -> NO ID_FENCED",
      "other/a: withdraw alice 1 -> NO INSUFFICIENT_FUNDS alice available=0",
    ],
  },
  {
    name: "a statement runs from its opening to its closing balance without a gap",
    rows: [
      ...opened,
      "statement alice 0 -> opening=0 closing=0",
      "a: deposit alice 10 -> OK 4 @cash=10 alice=10",
      "b: transfer alice bob 2.5 -> OK 5 alice=7.5 bob=2.5",
      "c: post alice:D:1 alice:D:2 bob:C:3 -> OK 6 alice=4.5 bob=5.5",
      "d: withdraw alice 9 -> NO INSUFFICIENT_FUNDS alice available=4.5",
      "statement alice 0 -> opening=0 1:C:10=10 2:D:2.5=7.5 3:D:1=6.5 closing=6.5 more",
      "statement alice 3 -> opening=6.5 4:D:2=4.5 closing=4.5",
      "statement alice 4 -> opening=4.5 closing=4.5",
      "statement @cash 0 -> opening=0 1:D:10=10 closing=10",
      "statement nobody 0 -> unknown",
    ],
  },
];
