import type { Statement } from "./connection.ts";

const HOLD = "seq, principal, id, from_account, to_account, amount_minor, left_minor, expires_at_ms, state";
const ACCOUNT = "number, name, currency, kind, owner, metadata, opened_seq";
const BALANCE =
  "account, status, min_balance_minor, max_balance_minor, debits_minor, credits_minor, held_debits_minor, held_credits_minor, version, latest";
const COMMAND = "seq, segment, at_ms, principal, id, verb, refusal, memo, ref";
const ENTRY = "account, version, position, seq, side, amount_minor, balance_minor";
const SUMS = "account, debits_minor, credits_minor, version, latest";
const HEAD = `seq, head, clock_ms, entry_count, account_count, ${databaseClock()}`;

/**
 * Every statement that a ledger sends, for its schema. Plain SQL: arrays as parameters, `unnest`, `ON CONFLICT`,
 * `FOR UPDATE`; no functions, triggers, locks by number, or anything else that only PostgreSQL has (docs/postgresql.md).
 */
export function statementsFor(schema: string): Statements {
  // An array a column. In a list of results they are walked side by side; after FROM each would be written down first.
  const rows = (columns: string, types: readonly string[], after = 0) => {
    const names = columns.split(", ");
    const arrays = types.map((type, index) => `unnest($${after + index + 1}::${type}[]) AS ${names[index]}`);
    return `SELECT ${arrays.join(", ")}`;
  };
  const insert = (table: string, columns: string, types: readonly string[], after = 0) =>
    `INSERT INTO ${schema}.${table} (${columns}) ${rows(columns, types, after)}`;
  // Rows are changed, and so locked, in the order of accounts.
  const sorted = (columns: string, types: readonly string[]) => `(${rows(columns, types)} ORDER BY account) AS n`;
  return named({
    balances: `SELECT ${BALANCE} FROM ${schema}.balance WHERE account = ANY($1::BIGINT[])`,
    // Everybody locks balances in this order, and the head after them, so nobody waits in a circle.
    lockBalances: `SELECT ${BALANCE} FROM ${schema}.balance WHERE account = ANY($1::BIGINT[]) ORDER BY account FOR UPDATE`,
    head: `SELECT ${HEAD} FROM ${schema}.journal_head WHERE one = 1`,
    lockHead: `SELECT ${HEAD} FROM ${schema}.journal_head WHERE one = 1 FOR UPDATE`,
    identity: `SELECT identity FROM ${schema}.journal_head WHERE one = 1`,
    currencies: `SELECT code, exponent FROM ${schema}.currency ORDER BY number`,
    addCurrency: `INSERT INTO ${schema}.currency (number, code, exponent) SELECT coalesce(max(number), 0) + 1, $1, $2::INT FROM ${schema}.currency ON CONFLICT DO NOTHING`,
    accountsByName: `SELECT ${ACCOUNT} FROM ${schema}.account WHERE name = ANY($1::TEXT[])`,
    accountsByNumber: `SELECT ${ACCOUNT} FROM ${schema}.account WHERE number = ANY($1::BIGINT[])`,
    accountsAfter: `SELECT ${ACCOUNT} FROM ${schema}.account WHERE number > $1::BIGINT ORDER BY number LIMIT $2::BIGINT`,
    commands: `SELECT k.principal, k.id, c.seq, c.segment FROM (${rows("principal, id", ["TEXT", "TEXT"])}) AS k JOIN ${schema}.command c ON c.principal = k.principal AND c.id = k.id`,
    commandsFrom: `SELECT ${COMMAND} FROM ${schema}.command WHERE seq >= $1::BIGINT ORDER BY seq LIMIT $2::BIGINT`,
    segments: `SELECT first_seq, body FROM ${schema}.segment WHERE first_seq = ANY($1::BIGINT[])`,
    segmentsFrom: `SELECT first_seq, body FROM ${schema}.segment WHERE first_seq >= $1::BIGINT ORDER BY first_seq LIMIT $2::BIGINT`,
    dueHolds: `SELECT ${HOLD} FROM ${schema}.hold WHERE state = 'held' AND expires_at_ms <= greatest(coalesce($1::BIGINT, ${databaseClock()}), (SELECT clock_ms FROM ${schema}.journal_head WHERE one = 1)) ORDER BY expires_at_ms, seq LIMIT $2::BIGINT`,
    // "Infinity" where no hold ever expires.
    firstExpiry: `SELECT coalesce(min(expires_at_ms)::FLOAT8, 'Infinity') FROM ${schema}.hold WHERE state = 'held'`,
    holds: `SELECT ${HOLD} FROM ${schema}.hold WHERE seq = ANY($1::BIGINT[])`,
    holdsOf: `SELECT ${HOLD} FROM ${schema}.hold WHERE state = 'held' AND (from_account = $1 OR to_account = $1) AND seq > $2::BIGINT ORDER BY seq LIMIT $3::BIGINT`,
    reversals: `SELECT reversed_seq FROM ${schema}.reversal WHERE reversed_seq = ANY($1::BIGINT[])`,
    refusalCounts: `SELECT principal, count FROM ${schema}.refusal_count WHERE principal = ANY($1::TEXT[])`,
    statement: `SELECT e.version, e.seq, c.at_ms, e.side, e.amount_minor, e.balance_minor, c.principal, c.id, c.memo, c.ref FROM ${schema}.entry e JOIN ${schema}.command c ON c.seq = e.seq WHERE e.account = $1::BIGINT AND e.version >= $2::BIGINT AND e.version <= $3::BIGINT ORDER BY e.version`,
    trialBalance: `SELECT a.currency, sum(b.debits_minor), sum(b.credits_minor) FROM ${schema}.balance b JOIN ${schema}.account a ON a.number = b.account GROUP BY a.currency`,

    // What every segment changes, in one statement. PostgreSQL moves the head first, and then adds.
    addSegments: `WITH c AS (${insert("command", COMMAND, COMMAND_TYPES)}), e AS (${insert("entry", ENTRY, ENTRY_TYPES, 9)}), s AS (${insert("segment", "first_seq, body", ["BIGINT", "BYTEA"], 16)}) UPDATE ${schema}.journal_head SET seq = $19::BIGINT, head = $20, clock_ms = $21::BIGINT, entry_count = $22::BIGINT, account_count = $23::BIGINT WHERE one = 1 AND seq = $24::BIGINT RETURNING ${databaseClock()}`,
    addAccounts: insert("account", ACCOUNT, "BIGINT TEXT TEXT TEXT TEXT TEXT BIGINT".split(" ")),
    addBalances: insert("balance", BALANCE, BALANCE_TYPES),
    setBalances: `UPDATE ${schema}.balance AS b SET status = n.status, min_balance_minor = n.min_balance_minor, max_balance_minor = n.max_balance_minor, debits_minor = n.debits_minor, credits_minor = n.credits_minor, held_debits_minor = n.held_debits_minor, held_credits_minor = n.held_credits_minor, version = n.version, latest = n.latest FROM ${sorted(BALANCE, BALANCE_TYPES)} WHERE b.account = n.account`,
    // What most commands change of a balance, as long as no sum has come to 2^63.
    setSums: `UPDATE ${schema}.balance AS b SET debits_minor = n.debits_minor, credits_minor = n.credits_minor, version = n.version, latest = n.latest FROM ${sorted(SUMS, "BIGINT BIGINT BIGINT BIGINT BIGINT".split(" "))} WHERE b.account = n.account`,
    addChanges: insert(
      "account_change",
      "seq, account, status, min_balance_minor, max_balance_minor",
      "BIGINT BIGINT TEXT BIGINT BIGINT".split(" "),
    ),
    setHolds: `${insert("hold", HOLD, "BIGINT TEXT TEXT TEXT TEXT BIGINT BIGINT BIGINT TEXT".split(" "))} ON CONFLICT (seq) DO UPDATE SET left_minor = excluded.left_minor, state = excluded.state`,
    addReversals: insert("reversal", "reversed_seq, seq", ["BIGINT", "BIGINT"]),
    addRefusals: `INSERT INTO ${schema}.refusal_count AS r (principal, count) ${rows("principal, count", ["TEXT", "BIGINT"])} ON CONFLICT (principal) DO UPDATE SET count = r.count + excluded.count`,
    setIdentity: `UPDATE ${schema}.journal_head SET identity = $1::BYTEA, head = $2 WHERE one = 1 AND seq = 0`,
    confirm: `UPDATE ${schema}.journal_head SET confirmations = confirmations + 1 WHERE one = 1`,
  });
}

/** What {@link statementsFor} makes. */
export type Statements = Readonly<Record<StatementName, Statement>>;

type StatementName =
  | "accountsAfter"
  | "accountsByName"
  | "accountsByNumber"
  | "addAccounts"
  | "addBalances"
  | "addChanges"
  | "addCurrency"
  | "addSegments"
  | "addRefusals"
  | "addReversals"
  | "balances"
  | "commands"
  | "commandsFrom"
  | "confirm"
  | "currencies"
  | "dueHolds"
  | "firstExpiry"
  | "head"
  | "holds"
  | "holdsOf"
  | "identity"
  | "lockBalances"
  | "lockHead"
  | "refusalCounts"
  | "reversals"
  | "segments"
  | "segmentsFrom"
  | "setBalances"
  | "setHolds"
  | "setIdentity"
  | "setSums"
  | "statement"
  | "trialBalance";

const COMMAND_TYPES = "BIGINT BIGINT BIGINT TEXT TEXT TEXT TEXT TEXT TEXT".split(" ");
const ENTRY_TYPES = "BIGINT BIGINT BIGINT BIGINT TEXT BIGINT BIGINT".split(" ");
const BALANCE_TYPES = "BIGINT TEXT BIGINT BIGINT NUMERIC NUMERIC NUMERIC NUMERIC BIGINT BIGINT".split(" ");

/** The clock of the database in milliseconds since 1970: one for all servers. */
function databaseClock(): string {
  return "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)";
}

function named(texts: Readonly<Record<StatementName, string>>): Statements {
  const entries = Object.entries(texts).map(([name, text]) => [name, { name, text }]);
  return Object.fromEntries(entries) as Record<StatementName, Statement>;
}
