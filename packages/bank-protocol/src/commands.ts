import {
  account,
  amount,
  bound,
  currency,
  flag,
  id,
  leg,
  listLength,
  memo,
  name,
  oneOf,
  owner,
  ref,
  seconds,
  text,
  whole,
  type Argument,
} from "./argument.ts";
import type { BankRequest, RequestOf, Verb, Write, WriteRequest } from "./request.ts";

/** Where an argument stands in the line. */
export interface Placed<T> {
  /** `word`: by its place; `key`: as `key=value`; `keys`: as `key=value` as often as there are values. */
  readonly as: "word" | "key" | "keys";
  readonly isOptional: boolean;
  readonly argument: Argument<T>;
  /** The key, where it is not the field's name in snake case. */
  readonly key?: string;
}

type Fields<R> = Omit<R, "verb" | keyof Write>;
type PlacedFields<R> = {
  readonly [F in keyof R]-?: NonNullable<R[F]> extends readonly (infer T)[] ? Placed<T> : Placed<NonNullable<R[F]>>;
};

/** A command of bank/1, as the grammar and `help` need it. */
export interface Command<R extends BankRequest = BankRequest> {
  /** In the order of the line. At most one of the words is optional: it is there when the others are not enough. */
  readonly arguments: PlacedFields<R extends WriteRequest ? Fields<R> : Omit<R, "verb">>;
  /** Carries an id, and what else a {@link Write} may carry. */
  readonly isWrite: boolean;
  /** Who may use it: anybody, whoever is somebody, those who may read everything, or operators. */
  readonly for: "anybody" | "session" | "reader" | "operator";
  /** For people. */
  readonly summary: string;
}

const word = <T>(argument: Argument<T>): Placed<T> => ({ as: "word", isOptional: false, argument });
const key = <T>(argument: Argument<T>): Placed<T> => ({ as: "key", isOptional: false, argument });
const optional = <T>(placed: Placed<T>): Placed<T> => ({ ...placed, isOptional: true });

const kind = oneOf("asset", "liability", "equity", "income", "expense");
const page = { after: optional(key(whole)), limit: optional(key(listLength)) };

/** All commands, in the order in which `help` shows them. One more is a line here and its request in `request.ts`. */
export const COMMANDS: { readonly [V in Verb]: Command<RequestOf<V>> } = {
  hello: question("anybody", "begins bank/1", { protocol: word(name) }),
  capabilities: question("anybody", "lists what this server can do", {}),
  auth: question("anybody", "proves who you are", { mechanism: word(name), data: key(text) }),
  ping: question("anybody", "is answered", {}),
  help: question("anybody", "lists the commands", {}),
  quit: question("anybody", "ends the connection", {}),

  balance: question("session", "reads an account", { account: optional(word(account)) }),
  statement: question("session", "reads an account's entries", { account: optional(word(account)), ...page }),
  deposit: write("session", "brings cash in", { account: optional(word(account)), amount: word(amount) }),
  withdraw: write("session", "takes cash out", { account: optional(word(account)), amount: word(amount) }),
  transfer: write("session", "moves money", { from: word(account), to: word(account), amount: word(amount) }),
  journal: write("session", "moves money between 2 to 64 legs", {
    legs: { as: "keys", isOptional: false, argument: leg, key: "leg" },
  }),
  hold: write("session", "sets money aside", {
    from: word(account),
    to: word(account),
    amount: word(amount),
    expiresS: optional(key(seconds)),
  }),
  capture: write("session", "moves money that was set aside", {
    hold: word(id),
    amount: optional(word(amount)),
    final: optional(key(flag)),
  }),
  release: write("session", "frees money that was set aside", { hold: word(id) }),
  holds: question("session", "lists what is set aside on an account", { account: optional(word(account)), ...page }),
  reverse: write("session", "undoes an entry by its opposite", { transfer: word(id) }),
  lookup: question("session", "tells what became of an id", { id: key(id) }),
  settle: question("session", "tells what became of an id, and fences it if nothing did", { id: key(id) }),

  accounts: question("reader", "lists accounts", { after: optional(key(account)), limit: page.limit }),
  audit: question("reader", "shows the journal's head, or checks the journal", { what: word(oneOf("head", "verify")) }),
  open: write("operator", "opens an account", {
    account: word(account),
    currency: key(currency),
    kind: optional(key(kind)),
    min: optional(key(bound)),
    max: optional(key(bound)),
    owner: optional(key(owner)),
  }),
  close: write("operator", "closes an account for ever", { account: word(account) }),
  freeze: write("operator", "stops an account", { account: word(account) }),
  unfreeze: write("operator", "lets an account go on", { account: word(account) }),
  limit: write("operator", "changes what an account may hold", {
    account: word(account),
    min: optional(key(bound)),
    max: optional(key(bound)),
  }),
};

/** Other names of commands. */
export const ALIASES: Readonly<Record<string, Verb>> = { check_balance: "balance" };

/** What every write may carry. */
export const WRITE_ARGUMENTS: { readonly [F in keyof Write]-?: Placed<NonNullable<Write[F]>> } = {
  id: key(id),
  ifVersion: optional(key(whole)),
  memo: optional(key(memo)),
  ref: optional(key(ref)),
  dryRun: optional(key(flag)),
};

/** The key of a field: `if_version` of `ifVersion`. */
export function keyOf(field: string, placed?: { readonly key?: string }): string {
  return placed?.key ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function question<R extends BankRequest>(
  forWhom: Command["for"],
  summary: string,
  args: Command<R>["arguments"],
): Command<R> {
  return { arguments: args, isWrite: false, for: forWhom, summary };
}

function write<R extends BankRequest>(
  forWhom: Command["for"],
  summary: string,
  args: Command<R>["arguments"],
): Command<R> {
  return { arguments: args, isWrite: true, for: forWhom, summary };
}
