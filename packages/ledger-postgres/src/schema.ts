/**
 * The steps that make the tables, in order; a database remembers how many it has taken. A step that was published is never
 * changed.
 *
 * `segment` is the truth (docs/ledger-format.md); all other tables but `currency` and `journal_head` are made from it, in
 * the same transaction. What is not history is `balance`, `hold`, `refusal_count` and the one row of `journal_head`.
 */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => `
CREATE TABLE ${schema}.currency (
  number INT PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  exponent INT NOT NULL CHECK (exponent BETWEEN 0 AND 9)
);
CREATE TABLE ${schema}.segment (
  first_seq BIGINT PRIMARY KEY CHECK (first_seq > 0),
  body BYTEA NOT NULL CHECK (length(body) > 56)
);
CREATE TABLE ${schema}.account (
  number BIGINT PRIMARY KEY CHECK (number >= 0),
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  currency TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
  owner TEXT,
  metadata TEXT,
  opened_seq BIGINT NOT NULL
);
CREATE TABLE ${schema}.balance (
  account BIGINT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('open', 'frozen', 'closed')),
  min_balance_minor BIGINT,
  max_balance_minor BIGINT,
  debits_minor NUMERIC NOT NULL CHECK (debits_minor >= 0),
  credits_minor NUMERIC NOT NULL CHECK (credits_minor >= 0),
  held_debits_minor NUMERIC NOT NULL CHECK (held_debits_minor >= 0),
  held_credits_minor NUMERIC NOT NULL CHECK (held_credits_minor >= 0),
  version BIGINT NOT NULL CHECK (version >= 0),
  latest BIGINT NOT NULL CHECK (latest >= 0)
) WITH (fillfactor = 50);
CREATE TABLE ${schema}.account_change (
  seq BIGINT PRIMARY KEY,
  account BIGINT NOT NULL,
  status TEXT NOT NULL,
  min_balance_minor BIGINT,
  max_balance_minor BIGINT
);
CREATE TABLE ${schema}.command (
  seq BIGINT PRIMARY KEY CHECK (seq > 0),
  segment BIGINT NOT NULL CHECK (segment BETWEEN 1 AND seq),
  at_ms BIGINT NOT NULL,
  principal TEXT NOT NULL,
  id TEXT NOT NULL,
  verb TEXT NOT NULL,
  refusal TEXT,
  memo TEXT,
  ref TEXT,
  UNIQUE (id, principal)
);
CREATE TABLE ${schema}.entry (
  account BIGINT NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0),
  position BIGINT NOT NULL CHECK (position > 0),
  seq BIGINT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('D', 'C')),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  balance_minor BIGINT NOT NULL,
  PRIMARY KEY (account, version)
);
CREATE TABLE ${schema}.hold (
  seq BIGINT PRIMARY KEY,
  principal TEXT NOT NULL,
  id TEXT NOT NULL,
  from_account TEXT NOT NULL,
  to_account TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  left_minor BIGINT NOT NULL CHECK (left_minor BETWEEN 0 AND amount_minor),
  expires_at_ms BIGINT,
  state TEXT NOT NULL CHECK (state IN ('held', 'captured', 'released', 'expired'))
);
CREATE INDEX hold_expiry ON ${schema}.hold (expires_at_ms, seq) WHERE state = 'held';
CREATE INDEX hold_from ON ${schema}.hold (from_account, seq) WHERE state = 'held';
CREATE INDEX hold_to ON ${schema}.hold (to_account, seq) WHERE state = 'held';
CREATE TABLE ${schema}.reversal (
  reversed_seq BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL CHECK (seq > reversed_seq)
);
CREATE TABLE ${schema}.refusal_count (
  principal TEXT PRIMARY KEY,
  count BIGINT NOT NULL CHECK (count > 0)
);
CREATE TABLE ${schema}.journal_head (
  one INT PRIMARY KEY CHECK (one = 1),
  identity BYTEA NOT NULL,
  seq BIGINT NOT NULL,
  head TEXT NOT NULL CHECK (length(head) = 64),
  clock_ms BIGINT NOT NULL,
  entry_count BIGINT NOT NULL,
  account_count BIGINT NOT NULL,
  confirmations BIGINT NOT NULL
);
`,
];

/** Tables of history: rows are added, never changed and never removed. */
const HISTORY = ["currency", "segment", "account", "account_change", "command", "entry", "reversal"];
/** Tables whose rows follow the journal's end. */
const STATE = ["balance", "hold", "refusal_count", "journal_head"];

/** What a bank server's role may do: add history, and move the state on; nothing that takes history away. */
export function grants(schema: string, role: string): readonly string[] {
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${role}`,
    `GRANT SELECT ON ${schema}.migration TO ${role}`,
    ...HISTORY.map((table) => `GRANT SELECT, INSERT ON ${schema}.${table} TO ${role}`),
    ...STATE.map((table) => `GRANT SELECT, INSERT, UPDATE ON ${schema}.${table} TO ${role}`),
  ];
}

/** A name that needs no quotes and cannot be mistaken for anything else. @throws RangeError where it is none. */
export function checkName(what: string, name: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(name)) return name;
  throw new RangeError(`${what} is ${JSON.stringify(name)}, expected 1 to 63 of a-z 0-9 _, no digit first`);
}
