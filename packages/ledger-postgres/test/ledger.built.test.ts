import { deposit, StoreInterruptedError, transfer, type Entry, type Ledger, type Submission } from "@tallyline/ledger";
import {
  LedgerOpenError,
  migrateLedger,
  openPostgresLedger,
  type PostgresLedgerOptions,
} from "@tallyline/ledger-postgres";
import { findPostgres, startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import { compareWithMemory, runScenario, scenarios, type OpenLedger } from "@tallyline/ledger/scenarios";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const CURRENCIES = [{ code: "USD", exponent: 2 }] as const;

describe.skipIf(findPostgres() === undefined)("on PostgreSQL", { timeout: 120_000 }, () => {
  let server: PostgresServer;
  let schemaCount = 0;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  /** An empty ledger's schema. */
  async function newSchema(): Promise<string> {
    const schema = `ledger_${(schemaCount += 1)}`;
    await migrateLedger({ server: server.url(), schema });
    return schema;
  }

  function open(schema: string, options: Partial<PostgresLedgerOptions> = {}) {
    // A disk that others use too may keep everybody waiting: here that is no finding.
    const patience = { waitTimeoutMs: 60_000, commitTimeoutMs: 60_000 };
    return openPostgresLedger({ currencies: CURRENCIES, servers: [server.url()], schema, ...patience, ...options });
  }

  async function query(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const client = new pg.Client(server.url());
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }

  test.each(scenarios)("$name", async (scenario) => {
    const schema = await newSchema();
    await runScenario((options) => open(schema, options), scenario);
  });

  test.each([1, 2])("answers as the ledger in memory does, whatever it is asked: seed %i", async (seed) => {
    const schema = await newSchema();
    const comparison = compareWithMemory((options) => open(schema, options), { seed, commandCount: 800 });
    await expect(comparison).resolves.toBeUndefined();
  });

  test("answers so whichever of two servers is asked, one command at a time", async () => {
    const schema = await newSchema();
    const seed = 2;
    const openBoth: OpenLedger = (options) => openInTurns((each) => open(schema, each), options, seed);
    await expect(compareWithMemory(openBoth, { seed, commandCount: 600 })).resolves.toBeUndefined();
  });

  test("a server that goes on with the books of its last commit finds what is recorded from before them", async () => {
    const ledger = await open(await newSchema(), { maxRefusalsPerPrincipal: 1 });
    await openAccounts(ledger, 2);
    const tooMuch = transfer({ principal: "p", id: "x", from: "c0", to: "c1", amountMinor: 10n ** 9n });
    const first = await ledger.submit(tooMuch);
    expect(first).toMatchObject({ ok: false, code: "INSUFFICIENT_FUNDS", replayed: false });
    let count = 0;
    const pay = (id = `p${(count += 1)}`) =>
      ledger.submit(deposit({ principal: "bank", id, account: "c0", amountMinor: 1n }));
    const payAlone = async () => {
      for (let left = 20; left > 0; left -= 1) expect(await pay()).toMatchObject({ ok: true, replayed: false });
    };
    await payAlone();
    // A principal with as many refusals as may be gets none on record, but is told again of those that are.
    expect((await Promise.all([pay(), ledger.submit(tooMuch)]))[1]).toEqual({ ...first, replayed: true });
    await payAlone();
    expect((await Promise.all([pay(), pay("p3")]))[1]).toMatchObject({ ok: true, replayed: true });
    await payAlone();
    const [, found] = await Promise.all([pay(), ledger.lookup({ principal: "p", id: "x" })]);
    expect(found?.answer).toEqual({ ...first, replayed: true });
    await ledger.close();
  });

  test("several servers share the books: each id takes effect once, and no money is made or lost", async () => {
    const schema = await newSchema();
    const ledgers = await Promise.all([1, 2, 3, 4].map(() => open(schema)));
    await openAccounts(ledgers[0]!, 8);
    const answers = await transferAtRandom(ledgers, { accountCount: 8, transferCount: 600, seed: 1 });
    await expect(checkBooks(ledgers, answers)).resolves.toBeUndefined();
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  test("conflicts of transactions are tried again, and never an answer: serializable, on hot accounts", async () => {
    const schema = await newSchema();
    await query("CREATE DATABASE serializable");
    await query("ALTER DATABASE serializable SET default_transaction_isolation = 'serializable'");
    const servers = [server.url("serializable")];
    await migrateLedger({ server: servers[0]!, schema });
    const options = { servers, isolation: "serializable" } as const;
    const ledgers = await Promise.all([1, 2, 3].map(() => open(schema, options)));
    await openAccounts(ledgers[0]!, 2);
    const answers = await transferAtRandom(ledgers, { accountCount: 2, transferCount: 200, seed: 2 });
    await expect(checkBooks(ledgers, answers)).resolves.toBeUndefined();
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  test("a deadlock with somebody else's transaction is tried again, and never an answer", async () => {
    const schema = await newSchema();
    const ledger = await open(schema);
    await openAccounts(ledger, 2);
    await query("ALTER SYSTEM SET deadlock_timeout = '2s'");
    server.reload();
    const other = new pg.Client(server.url());
    await other.connect();
    await other.query("SET deadlock_timeout = '60s'"); // so it is the ledger that looks for a deadlock, and its victim
    const lock = `SELECT 1 FROM ${schema}.balance WHERE account = (SELECT number FROM ${schema}.account WHERE name = $1) FOR UPDATE`;
    await other.query("BEGIN");
    await other.query(lock, ["c1"]);
    const answer = ledger.submit(transfer({ principal: "p", id: "x", from: "c0", to: "c1", amountMinor: 1n }));
    // The ledger waits for c1 with c0 locked, and this for c0.
    while ((await query(WAITING)).rows.length === 0);
    await other.query(lock, ["c0"]);
    await other.query("ROLLBACK");
    expect(await answer).toMatchObject({ ok: true, replayed: false });
    await other.end();
    await ledger.close();
  });

  test("a batch that cannot have its locks is to be sent again later, and did not happen", async () => {
    const schema = await newSchema();
    const ledger = await open(schema, { waitTimeoutMs: 200 });
    await openAccounts(ledger, 2);
    const other = new pg.Client(server.url());
    await other.connect();
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM ${schema}.journal_head FOR UPDATE`);
    const command = transfer({ principal: "p", id: "x", from: "c0", to: "c1", amountMinor: 1n });
    expect(await ledger.submit(command)).toEqual({ ok: false, code: "STORE_BUSY", replayed: false });
    await other.query("ROLLBACK");
    expect(await ledger.submit(command)).toMatchObject({ ok: true, replayed: false });
    await other.end();
    await ledger.close();
  });

  test("reads and commands take effect in the order in which they were called", async () => {
    const schema = await newSchema();
    const ledger = await open(schema);
    await openAccounts(ledger, 1);
    const pay = (id: string) => ledger.submit(deposit({ principal: "p", id, account: "c0", amountMinor: 1n }));
    const [, before, , between, statement, , after] = await Promise.all([
      pay("a"),
      ledger.account("c0"),
      pay("b"),
      ledger.account("c0"),
      ledger.statement("c0"),
      pay("c"),
      ledger.account("c0"),
    ]);
    expect([before!.version, between!.version, statement!.entries.length, after!.version]).toEqual([2, 3, 3, 4]);
    await ledger.close();
  });

  test("sums of debits and credits go on beyond 64 bits, where a balance never does", async () => {
    const ledger = await open(await newSchema());
    await openAccounts(ledger, 2);
    const amountMinor = 2n ** 62n;
    await ledger.submit(deposit({ principal: "p", id: "all", account: "c0", amountMinor }));
    for (let count = 0; count < 12; count += 1) {
      const [from, to] = count % 2 === 0 ? ["c0", "c1"] : ["c1", "c0"];
      const command = transfer({ principal: "p", id: `${count}`, from, to, amountMinor });
      expect(await ledger.submit(command)).toMatchObject({ ok: true });
    }
    const details = await ledger.account("c1");
    expect(details).toMatchObject({ debitsMinor: 6n * amountMinor, creditsMinor: 6n * amountMinor + 1000n });
    expect(await ledger.verify()).toMatchObject({ ok: true });
    await ledger.close();
  });

  test("a row that was changed behind its back is found, wherever it is", async () => {
    const schema = await newSchema();
    const ledger = await open(schema);
    await openAccounts(ledger, 2);
    const hold = { verb: "hold", principal: "p", from: "c0", to: "c1", amountMinor: 5n, expiresInMs: null } as const;
    await ledger.submit({ ...hold, id: "h" });
    await ledger.submit({ ...hold, id: "too-much", amountMinor: 10n ** 9n });
    await ledger.submit(transfer({ principal: "p", id: "x", from: "c0", to: "c1", amountMinor: 1n }));
    await ledger.submit({ verb: "reverse", principal: "p", id: "y", entry: "x" });
    const { head, seq } = await ledger.head();
    expect(await ledger.verify()).toEqual({ ok: true, head, seq });
    for (const [change, back, what] of [
      [
        "entry SET amount_minor = amount_minor + 1 WHERE seq = 5",
        "entry SET amount_minor = amount_minor - 1 WHERE seq = 5",
        "entry",
      ],
      ["command SET memo = 'bribe' WHERE seq = 5", "command SET memo = NULL WHERE seq = 5", "command"],
      [
        "balance SET credits_minor = credits_minor + 1 WHERE account = 1",
        "balance SET credits_minor = credits_minor - 1 WHERE account = 1",
        "balance",
      ],
      ["hold SET left_minor = 4", "hold SET left_minor = 5", "hold"],
      ["account SET owner = 'eve' WHERE number = 1", "account SET owner = NULL WHERE number = 1", "account"],
      [
        "account_change SET status = 'closed' WHERE seq = 2",
        "account_change SET status = 'open' WHERE seq = 2",
        "account_change",
      ],
      ["reversal SET reversed_seq = 6", "reversal SET reversed_seq = 8", "reversal"],
      ["refusal_count SET count = 2", "refusal_count SET count = 1", "refusal_count"],
      ["journal_head SET clock_ms = clock_ms + 1", "journal_head SET clock_ms = clock_ms - 1", "journal_head"],
    ] as const) {
      await query(`UPDATE ${schema}.${change}`);
      const found = await ledger.verify();
      expect(found, change).toMatchObject({ ok: false, what: expect.stringContaining(`the table ${what} `) as string });
      await query(`UPDATE ${schema}.${back}`);
    }
    await query(`UPDATE ${schema}.segment SET body = set_byte(body, 70, 1) WHERE first_seq = 1`);
    expect(await ledger.verify()).toMatchObject({
      ok: false,
      seq: 1,
      what: expect.stringContaining("checksum") as string,
    });
    await ledger.close();
  });

  test("a bank server's role adds to history, and cannot take any of it away", async () => {
    await query("CREATE ROLE teller LOGIN");
    const schema = "of_teller";
    await migrateLedger({ server: server.url(), schema, role: "teller" });
    await migrateLedger({ server: server.url(), schema, role: "teller" }); // again: nothing is made twice
    const ledger = await open(schema, { servers: [server.url("postgres", "teller")] });
    await openAccounts(ledger, 2);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();

    const teller = new pg.Client(server.url("postgres", "teller"));
    await teller.connect();
    for (const table of ["segment", "command", "entry", "account", "account_change", "reversal", "currency"]) {
      await expect(teller.query(`DELETE FROM ${schema}.${table}`), table).rejects.toThrow("permission denied");
      await expect(teller.query(`TRUNCATE ${schema}.${table}`), table).rejects.toThrow("permission denied");
    }
    await expect(teller.query(`UPDATE ${schema}.entry SET amount_minor = 1`)).rejects.toThrow("permission denied");
    await expect(teller.query(`UPDATE ${schema}.segment SET body = body`)).rejects.toThrow("permission denied");
    await expect(teller.query(`DELETE FROM ${schema}.balance`)).rejects.toThrow("permission denied");
    await expect(teller.query(`DROP TABLE ${schema}.entry`)).rejects.toThrow("must be owner");
    await teller.end();
  });

  test("a ledger is refused where there is none, or one of a later version, or of another exponent", async () => {
    await expect(open("nothing")).rejects.toMatchObject({ code: "NOT_MIGRATED" });
    const schema = await newSchema();
    await (await open(schema)).close();
    const yen = open(schema, { currencies: [{ code: "USD", exponent: 0 }] });
    await expect(yen).rejects.toMatchObject({ code: "CURRENCIES_DIFFER" });
    await query(`INSERT INTO ${schema}.migration VALUES (99)`);
    await expect(open(schema)).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
    await expect(migrateLedger({ server: server.url(), schema })).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
    await expect(open("Robert'); --")).rejects.toThrow(RangeError);
  });

  test("a server with other settings than were asked for is refused, and each is named", async () => {
    const schema = await newSchema();
    await query("CREATE DATABASE lax");
    await query("ALTER DATABASE lax SET synchronous_commit = off");
    await query("ALTER DATABASE lax SET default_transaction_isolation = 'repeatable read'");
    const lax = open(schema, { servers: [server.url("lax")], synchronousStandbyNames: "a" });
    await expect(lax).rejects.toThrow(LedgerOpenError);
    await expect(lax).rejects.toThrow(
      'synchronous_commit is "off", expected "on"; synchronous_standby_names is "", expected "a"; ' +
        'default_transaction_isolation is "repeatable read", expected "read committed"',
    );
  });

  test("while the database is frozen or away calls are refused, and when it is back they are answered", async () => {
    await using own = await startPostgres();
    await migrateLedger({ server: own.url() });
    const readiness: boolean[] = [];
    const onReadiness = (isReady: boolean) => void readiness.push(isReady);
    const timeouts = { waitTimeoutMs: 1000, commitTimeoutMs: 1000, connectTimeoutMs: 1000 };
    const options = { currencies: CURRENCIES, servers: [own.url()], onReadiness, ...timeouts };
    const ledger = await openPostgresLedger(options);
    await openAccounts(ledger, 2);
    const command = transfer({ principal: "p", id: "x", from: "c0", to: "c1", amountMinor: 1n });
    own.freeze();
    expect(await ledger.submit(command)).toEqual({ ok: false, code: "STORE_BUSY", replayed: false });
    own.thaw();
    await untilAvailable(ledger, { verb: "settle", principal: "p", id: "other" });
    await own.stop();
    expect(await ledger.submit(command)).toEqual({ ok: false, code: "STORE_UNAVAILABLE", replayed: false });
    await expect(ledger.account("c0")).rejects.toThrow(StoreInterruptedError);
    await expect(ledger.account("c0")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(ledger.isReady).toBe(false);
    await own.start();
    const answer = await untilAvailable(ledger, command);
    expect(answer).toMatchObject({ ok: true, replayed: false });
    expect(readiness).toEqual([true, false, true, false, true]);
    await ledger.close();
  });

  test("a closed ledger answers nothing", async () => {
    const ledger = await open(await newSchema());
    await ledger.close();
    await ledger.close();
    await expect(ledger.head()).rejects.toMatchObject({ code: "LEDGER_CLOSED" });
  });
});

/**
 * A ledger that asks one of two servers for a while, up to 40 commands, and then the other: long enough for a server to go
 * on with the books of its last commit, which the other's then makes void.
 */
async function openInTurns(open: OpenLedger, options: Parameters<OpenLedger>[0], seed: number): Promise<Ledger> {
  const servers = [await open(options), await open(options)] as const;
  const below = randomBelow(seed);
  let server = servers[0];
  let left = 0;
  let last: Promise<unknown> = Promise.resolve();
  const submit = (command: Submission): ReturnType<Ledger["submit"]> => {
    const answer = last.then(() => {
      if ((left -= 1) < 0) [server, left] = [servers[below(2)]!, below(40)];
      return server.submit(command);
    });
    last = answer;
    return answer;
  };
  const close = async () => {
    for (const each of servers) await each.close();
  };
  return new Proxy(servers[0], {
    get: (ledger, name) => {
      if (name === "submit") return submit;
      if (name === "close") return close;
      const value: unknown = Reflect.get(ledger, name);
      return typeof value === "function" ? value.bind(ledger) : value;
    },
  });
}

const WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'tallyline'";

async function untilAvailable(ledger: Ledger, command: Submission) {
  for (;;) {
    const answer = await ledger.submit(command);
    if (answer.ok || answer.code !== "STORE_UNAVAILABLE") return answer;
    await new Promise(setImmediate);
  }
}

/** `@cash`, and customers `c0`, `c1`, … with 1,000 each. */
async function openAccounts(ledger: Ledger, count: number): Promise<void> {
  const terms = { verb: "open", principal: "bank", currency: "USD", maxBalanceMinor: null } as const;
  const customers = Array.from({ length: count }, (_, index) => `c${index}`);
  const answers = await Promise.all([
    ledger.submit({ ...terms, id: "@cash", account: "@cash", kind: "asset", minBalanceMinor: null }),
    ...customers.map((account) =>
      ledger.submit({ ...terms, id: account, account, kind: "liability", minBalanceMinor: 0n }),
    ),
    ...customers.map((account) =>
      ledger.submit(deposit({ principal: "bank", id: `d-${account}`, account, amountMinor: 1000n })),
    ),
  ]);
  for (const answer of answers) expect(answer.ok).toBe(true);
}

function randomBelow(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
}

interface Load {
  readonly accountCount: number;
  readonly transferCount: number;
  readonly seed: number;
}

/** Sends transfers to ledgers at random, 16 at a time; half of the ids are used again, with the same content or another. */
async function transferAtRandom(ledgers: readonly Ledger[], { accountCount, transferCount, seed }: Load) {
  const below = randomBelow(seed);
  const done = new Map<string, number>(); // by id, how often it took effect as something new
  const send = async (ledger: Ledger, id: string, amountMinor: bigint) => {
    const from = below(accountCount);
    const to = (from + 1 + below(accountCount - 1)) % accountCount;
    const answer = await ledger.submit(transfer({ principal: "p", id, from: `c${from}`, to: `c${to}`, amountMinor }));
    if (answer.ok && !answer.replayed) done.set(id, (done.get(id) ?? 0) + 1);
    if (!answer.ok) expect(["INSUFFICIENT_FUNDS", "ID_REUSED"]).toContain(answer.code);
  };
  let sent = 0;
  const client = async () => {
    for (; sent < transferCount;) {
      const id = `t${below(2) === 0 ? sent : below(sent + 1)}`;
      sent += 1;
      await send(ledgers[below(ledgers.length)]!, id, BigInt(1 + below(300)));
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  return done;
}

async function entriesOf(ledger: Ledger, account: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (let hasMore = true; hasMore;) {
    const page = await ledger.statement(account, { afterVersion: entries.length, limit: 1000 });
    expect(page!.openingMinor).toBe(entries.at(-1)?.balanceMinor ?? 0n);
    entries.push(...page!.entries);
    ({ hasMore } = page!);
  }
  return entries;
}

/** Each id took effect at most once, the sum is what it was, statements add up, and the whole journal verifies. */
async function checkBooks(ledgers: readonly Ledger[], done: ReadonlyMap<string, number>): Promise<void> {
  expect([...done.values()].every((count) => count === 1)).toBe(true);
  const { accounts } = await ledgers[0]!.accounts({ limit: 1000 });
  let [entryCount, totalMinor] = [0, 0n];
  for (const { account, creditsMinor, debitsMinor } of accounts.slice(1)) {
    const [entries, others] = await Promise.all([0, -1].map((at) => entriesOf(ledgers.at(at)!, account)));
    expect(entries).toEqual(others);
    expect(entries!.at(-1)!.balanceMinor).toBe(creditsMinor - debitsMinor);
    totalMinor += entries!.at(-1)!.balanceMinor;
    entryCount += entries!.length;
  }
  expect(totalMinor).toBe(1000n * BigInt(accounts.length - 1));
  expect(entryCount).toBe(2 * done.size + accounts.length - 1);
  for (const ledger of ledgers) expect((await ledger.head()).seq).toBe((await ledgers[0]!.head()).seq);
  expect(await ledgers[0]!.verify()).toMatchObject({ ok: true });
}
