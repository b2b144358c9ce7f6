import {
  account,
  amount,
  balance,
  bound,
  currency,
  flag,
  hash,
  id,
  memo,
  name,
  oneOf,
  ref,
  side,
  text,
  time,
  whole,
  type Argument,
} from "./argument.ts";
import { CODES, type ReplyCode } from "./codes.ts";
import type { OkReply, RefusalFacts, WireAccount, WireBalance, WireEntry, WireHold } from "./reply.ts";

/** A field of a reply or of a line of data. */
export interface Field<T> {
  readonly argument: Argument<T>;
  readonly isOptional: boolean;
}

/** Fields in the order of the line. Keys are the names in snake case. */
export type FieldsOf<R> = { readonly [F in keyof R]-?: Field<NonNullable<R[F]>> };

/** Lines of data before the reply: their kind, and the list of the reply that they make. */
interface DataShape<T> {
  readonly kind: string;
  readonly fields: FieldsOf<T>;
}

type IsList<T> = NonNullable<T> extends readonly unknown[] ? true : false;
type ListsOf<R> = { [F in keyof R as IsList<R[F]> extends true ? F : never]: R[F] };
type PlainOf<R> = { [F in keyof R as IsList<R[F]> extends true ? never : F]: R[F] };

/** A reply as the grammar needs it. */
export interface ReplyShape<R> {
  readonly fields: FieldsOf<Omit<PlainOf<R>, "class" | "code">>;
  readonly lists: { readonly [F in keyof ListsOf<R>]: R[F] extends readonly (infer T)[] ? DataShape<T> : never };
}

const field = <T>(argument: Argument<T>): Field<T> => ({ argument, isOptional: false });
const optional = <T>(argument: Argument<T>): Field<T> => ({ argument, isOptional: true });

const replyCode: Argument<ReplyCode> = {
  parse: (value) => (Object.hasOwn(CODES, value) ? (value as ReplyCode) : undefined),
  format: (value) => value,
  code: "ARGUMENT_INVALID",
  expected: "a code",
};

/** What a refusal says beside its code; `iso` stands behind `argument`, and comes from the table of codes. */
export const REFUSAL_FIELDS: FieldsOf<RefusalFacts> = {
  account: optional(account),
  currency: optional(currency),
  available: optional(balance),
  argument: optional(text),
  retryMs: optional(whole),
  replayed: optional(flag),
};
const { replayed, ...declineFields } = REFUSAL_FIELDS;

const balanceFields: FieldsOf<WireBalance> = {
  account: field(account),
  currency: field(currency),
  booked: field(balance),
  available: field(balance),
  version: field(whole),
};
const accountFields: FieldsOf<WireAccount> = {
  ...balanceFields,
  kind: field(oneOf("asset", "liability", "equity", "income", "expense")),
  status: field(oneOf("open", "frozen", "closed")),
  min: field(bound),
  max: field(bound),
  owner: optional(name),
};
const holdFields: FieldsOf<WireHold> = {
  hold: field(id),
  seq: field(whole),
  from: field(account),
  to: field(account),
  currency: field(currency),
  amount: field(amount),
  left: field(amount),
  state: field(oneOf("held", "captured", "released", "expired")),
  expires: optional(time),
};
const entryFields: FieldsOf<WireEntry> = {
  version: field(whole),
  seq: field(whole),
  time: field(time),
  side: field(side),
  amount: field(amount),
  booked: field(balance),
  memo: optional(memo),
  ref: optional(ref),
};

const balances: DataShape<WireBalance> = { kind: "balance", fields: balanceFields };
const holds: DataShape<WireHold> = { kind: "hold", fields: holdFields };
const receipt = { seq: field(whole), time: field(time), head: optional(hash) };
const nothing = { fields: {}, lists: {} };

/** Every reply in class OK. */
export const OK_REPLIES: { readonly [C in OkReply["code"]]: ReplyShape<Extract<OkReply, { readonly code: C }>> } = {
  HELLO: { fields: { protocol: field(name), principal: optional(name), role: optional(name) }, lists: {} },
  CAPABILITIES: {
    fields: {},
    lists: { capabilities: { kind: "capability", fields: { name: field(name), value: optional(text) } } },
  },
  PONG: nothing,
  BYE: nothing,
  HELP: { fields: {}, lists: { commands: { kind: "command", fields: { usage: field(text), summary: field(text) } } } },
  CONTINUE: { fields: { data: field(text) }, lists: {} },
  AUTHENTICATED: {
    fields: { principal: field(name), role: field(name), account: optional(account), data: field(text) },
    lists: {},
  },
  DONE: { fields: { ...receipt, replayed }, lists: { balances, holds } },
  WOULD_DO: { fields: {}, lists: { balances, holds } },
  WOULD_DECLINE: { fields: { declined: field(replyCode), ...declineFields }, lists: {} },
  EXECUTED: { fields: receipt, lists: { balances, holds } },
  DECLINED: { fields: { declined: field(replyCode), ...declineFields }, lists: {} },
  FENCED: nothing,
  UNSEEN: nothing,
  BALANCE: { fields: accountFields, lists: {} },
  ACCOUNTS: { fields: { next: optional(account) }, lists: { accounts: { kind: "account", fields: accountFields } } },
  HOLDS: { fields: { next: optional(whole) }, lists: { holds } },
  STATEMENT: {
    fields: {
      account: field(account),
      currency: field(currency),
      opening: field(balance),
      closing: field(balance),
      next: optional(whole),
    },
    lists: { entries: { kind: "entry", fields: entryFields } },
  },
  AUDIT: { fields: { seq: field(whole), head: optional(hash), verified: optional(flag) }, lists: {} },
};
