// Requests and replies of any shape, made from the tables of commands and replies that the grammar is made of.
import { COMMANDS, type BankRequest, type Verb } from "@tallyline/bank-protocol";
import fc from "fast-check";

const digits = fc.bigInt({ min: 1n, max: 10n ** 19n - 1n }).map(String);
const decimal = fc
  .tuple(digits, fc.option(fc.integer({ min: 1, max: 999_999_999 }).map(String)))
  .map(([whole, decimals]) => (decimals === null ? whole : `${whole}.${decimals}`));
const signed = fc.tuple(fc.constantFrom("", "-"), decimal).map((parts) => parts.join(""));
const account = fc
  .tuple(fc.constantFrom("", "@"), fc.stringMatching(/^[A-Za-z0-9._:-]{1,63}$/))
  .map((parts) => parts.join(""));
const id = fc.stringMatching(/^[!#-<>-~]{1,64}$/);
/** What a quoted value can hold: any character but control characters, of which LF has an escape. */
const text = (maxLength: number) =>
  fc.string({ unit: "grapheme", maxLength }).map((value) => value.replaceAll(/\p{Cc}/gu, "\n"));
const visible = (maxLength: number) =>
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength })
    .map((value) => value.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " "));
const memo = visible(20);
const name = fc.stringMatching(/^[A-Za-z0-9@._:/-]{1,64}$/);
const whole = fc.maxSafeNat();
const page = { after: whole, limit: fc.integer({ min: 1, max: 500 }) };
const flag = fc.constant(true as const);
const bound = fc.oneof(signed, fc.constant("none"));
const leg = fc.record({ account, side: fc.constantFrom("debit", "credit"), amount: decimal });
const write = { id, ifVersion: whole, memo, ref: visible(10), dryRun: flag };

const fields: { readonly [V in Verb]: Readonly<Record<string, fc.Arbitrary<unknown>>> } = {
  hello: { protocol: name },
  capabilities: {},
  auth: { mechanism: name, data: text(200) },
  ping: {},
  help: {},
  quit: {},
  balance: { account },
  statement: { account, ...page },
  deposit: { account, amount: decimal },
  withdraw: { account, amount: decimal },
  transfer: { from: account, to: account, amount: decimal },
  journal: { legs: fc.array(leg, { minLength: 2, maxLength: 64 }) },
  hold: { from: account, to: account, amount: decimal, expiresS: fc.integer({ min: 1, max: 1_000_000_000 }) },
  capture: { hold: id, amount: decimal, final: flag },
  release: { hold: id },
  holds: { account, ...page },
  reverse: { transfer: id },
  lookup: { id },
  settle: { id },
  accounts: { after: account, limit: page.limit },
  audit: { what: fc.constantFrom("head", "verify") },
  open: {
    account,
    currency: fc.stringMatching(/^[A-Z0-9]{3,8}$/),
    kind: fc.constantFrom("asset", "liability", "equity", "income", "expense"),
    min: bound,
    max: bound,
    owner: name,
  },
  close: { account },
  freeze: { account },
  unfreeze: { account },
  limit: { account, min: bound, max: bound },
};

/** Any request that can be written. */
export const request: fc.Arbitrary<BankRequest> = fc
  .constantFrom(...(Object.keys(COMMANDS) as Verb[]))
  .chain((verb) => {
    const { isWrite, arguments: args } = COMMANDS[verb];
    const placed: Readonly<Record<string, { readonly isOptional: boolean }>> = args;
    const all: Record<string, fc.Arbitrary<unknown>> = { ...fields[verb], ...(isWrite && write) };
    const requiredKeys = Object.keys(all).filter((key) => key === "id" || placed[key]?.isOptional === false);
    return fc.record(all, { requiredKeys }).map((values) => ({ verb, ...values }) as unknown as BankRequest);
  });

const WORDS =
  `#1 # ping deposit balance 5 0 a id=1 id= memo="x" memo=" = " \\ leg=a:D:1 leg= * : é transfer hello bank/1 limit=1`
    .split(" ")
    .concat(" ", "\u0000", "\t");

/** Lines that are nearly requests, or nothing of the kind. */
export const line: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc
    .array(fc.constantFrom(...WORDS), { maxLength: 12 })
    .chain((words) => fc.constantFrom(" ", "", "  ").map((blank) => words.join(blank))),
);
