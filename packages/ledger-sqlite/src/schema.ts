/** Marks a SQLite file as a Tallyline ledger: "Taly" in ASCII. Shown by `file`, kept at byte offset 68. */
export const APPLICATION_ID = 0x54616c79;

/** The layout below. A file of another version is refused, never guessed at. */
export const SCHEMA_VERSION = 1;

/**
 * The journal is the truth: what was asked, in order, and how it was answered. Postings say the same as rows, for
 * statements and for anyone with a SQLite shell; `balance` sums them. History refuses to be changed.
 */
export const SCHEMA: string = `
CREATE TABLE currency (
  code TEXT PRIMARY KEY,
  exponent INTEGER NOT NULL CHECK (exponent BETWEEN 0 AND 9)
) STRICT;

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  principal TEXT NOT NULL,
  id TEXT NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  content TEXT NOT NULL,
  code TEXT NOT NULL,
  UNIQUE (principal, id)
) STRICT;

CREATE TABLE posting (
  seq INTEGER NOT NULL REFERENCES journal (seq),
  leg INTEGER NOT NULL CHECK (leg BETWEEN 1 AND 64),
  account TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (seq, leg)
) STRICT, WITHOUT ROWID;

CREATE VIEW balance AS
  SELECT account, sum(iif(side = 'debit', amount_minor, -amount_minor)) AS debits_less_credits_minor
  FROM posting GROUP BY account;

CREATE TRIGGER journal_is_not_updated BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'history is never updated'); END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;
CREATE TRIGGER posting_is_not_updated BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'history is never updated'); END;
CREATE TRIGGER posting_is_not_deleted BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;
