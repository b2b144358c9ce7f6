/** Marks a SQLite file as a Tallyline ledger: "Taly" in ASCII. Shown by `file`, kept at byte offset 68. */
export const APPLICATION_ID = 0x54616c79;

/** The layout below. Layout 1 is migrated; any other is refused, never guessed at. */
export const SCHEMA_VERSION = 2;

/** Tables of history, and what may never be done to them. */
const HISTORY = [
  "currency",
  "segment",
  "account",
  "account_change",
  "command",
  "entry",
  "entry_mark",
  "ended_hold",
  "reversal",
  "id_run",
];

/**
 * Segments are the truth (docs/ledger-format.md); all other tables but `currency` are made from them, in bulk. Rows of
 * history are only appended, each table in the order of its key, so that a commit touches the last page of a table and no
 * other however large it is. What changes — pages of accounts, open holds, counts — is small or written in turn.
 */
export const SCHEMA: string = `
CREATE TABLE currency (
  number INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  exponent INTEGER NOT NULL CHECK (exponent BETWEEN 0 AND 9)
) STRICT;

CREATE TABLE segment (
  first_seq INTEGER PRIMARY KEY CHECK (first_seq > 0),
  body BLOB NOT NULL CHECK (length(body) > 56)
) STRICT;

CREATE TABLE account (
  number INTEGER PRIMARY KEY CHECK (number >= 0),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  currency TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
  owner TEXT,
  metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
  opened_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE account_change (
  seq INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'frozen', 'closed')),
  min_balance_minor INTEGER,
  max_balance_minor INTEGER
) STRICT;

CREATE TABLE command (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  at_ms INTEGER NOT NULL,
  principal TEXT NOT NULL,
  id TEXT NOT NULL,
  verb TEXT NOT NULL,
  refusal TEXT,
  memo TEXT,
  ref TEXT
) STRICT;

CREATE TABLE entry (
  position INTEGER PRIMARY KEY CHECK (position > 0),
  account INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  seq INTEGER NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('D', 'C')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  balance_minor INTEGER NOT NULL,
  previous INTEGER NOT NULL CHECK (previous BETWEEN 0 AND position - 1)
) STRICT;

CREATE TABLE entry_mark (
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (account, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_hold (
  seq INTEGER PRIMARY KEY,
  hold TEXT NOT NULL CHECK (json_valid(hold))
) STRICT;

CREATE TABLE ended_hold (
  seq INTEGER PRIMARY KEY,
  ended_seq INTEGER NOT NULL CHECK (ended_seq > seq)
) STRICT;

CREATE TABLE reversal (
  reversed_seq INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL CHECK (seq > reversed_seq)
) STRICT;

CREATE TABLE refusal_count (
  principal TEXT PRIMARY KEY,
  count INTEGER NOT NULL CHECK (count > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE id_run (
  first_seq INTEGER PRIMARY KEY,
  hashes BLOB NOT NULL CHECK (length(hashes) % 8 = 0)
) STRICT;

CREATE TABLE account_page (
  page INTEGER PRIMARY KEY CHECK (page >= 0),
  body BLOB NOT NULL
) STRICT;

CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  identity BLOB NOT NULL CHECK (length(identity) = 16),
  hash_key BLOB NOT NULL CHECK (length(hash_key) = 8),
  projected_seq INTEGER NOT NULL,
  redo_seq INTEGER NOT NULL,
  entry_count INTEGER NOT NULL,
  owner_pid INTEGER
) STRICT;

INSERT INTO state VALUES (1, randomblob(16), randomblob(8), 0, 1, 0, NULL);

CREATE VIEW balance AS
  SELECT account.name AS account, account.currency, max(entry.position) AS position, entry.version, entry.balance_minor
  FROM entry JOIN account ON account.number = entry.account GROUP BY entry.account;

CREATE VIEW statement AS
  SELECT account.name AS account, entry.version, command.at_ms, entry.side, entry.amount_minor, entry.balance_minor,
    command.principal, command.id, command.memo, command.ref, entry.seq
  FROM entry JOIN account ON account.number = entry.account JOIN command ON command.seq = entry.seq;

${HISTORY.map(
  (table) => `
CREATE TRIGGER ${table}_is_not_updated BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(ABORT, 'history is never updated'); END;
CREATE TRIGGER ${table}_is_not_deleted BEFORE DELETE ON ${table} BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;`,
).join("")}

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;
