import { createBankServer } from "@tallyline/bank";
import { createBankClient, type BankClient, type Outcome } from "@tallyline/bank/client";
import { migrateLedger, openPostgresLedger } from "@tallyline/ledger-postgres";
import { findPostgres, startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRaw } from "./raw-peers.ts";

const ACCOUNTS = 6;
const SERVERS = 4;

describe.skipIf(findPostgres() === undefined)("banks over one database", { timeout: 120_000 }, () => {
  let database: PostgresServer;
  beforeAll(async () => {
    database = await startPostgres();
  }, 120_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  async function startBank() {
    const currencies = [{ code: "USD", exponent: 2 }] as const;
    const ledger = await openPostgresLedger({ servers: [database.url()], currencies });
    const failures: unknown[] = [];
    const server = await createBankServer({ ledger, port: 0, onLedgerFailure: (error) => failures.push(error) });
    const client = createBankClient({ port: server.port });
    const close = async () => {
      await client.close();
      await server.drain();
      await ledger.close();
    };
    return { server, ledger, client, failures, [Symbol.asyncDispose]: close };
  }

  test("four servers under random transfers with ids used again: exactly once, nothing made or lost", async () => {
    await migrateLedger({ server: database.url() });
    await using stack = new AsyncDisposableStack();
    const banks = await Promise.all(Array.from({ length: SERVERS }, async () => stack.use(await startBank())));
    const clients = banks.map(({ client }) => client);
    for (let index = 0; index < ACCOUNTS; index += 1) {
      await clients[0]!.open({ account: `c${index}`, currency: "USD", id: `o${index}` });
      await clients[0]!.deposit({ account: `c${index}`, amount: "100", id: `d${index}` });
    }

    const outcomes = await transferAtRandom(clients, 400);
    for (const [id, all] of outcomes) {
      // However often and wherever an id was sent: one outcome, and at most one that was not a repetition.
      expect(all.filter((each) => each.kind === "done" && !each.isReplayed).length, id).toBeLessThanOrEqual(1);
      const seqs = new Set(all.flatMap((each) => (each.kind === "done" ? [each.seq] : [])));
      expect(seqs.size, id).toBeLessThanOrEqual(1);
    }

    let totalCents = 0;
    for (let index = 0; index < ACCOUNTS; index += 1) {
      const account = `c${index}`;
      const statements = await Promise.all(clients.map((client) => client.statement({ account, limit: 500 })));
      for (const statement of statements) expect(statement).toEqual(statements[0]);
      const [first] = statements;
      const balance = await clients[index % SERVERS]!.balance(account);
      if (first?.class !== "OK" || balance.class !== "OK") throw new Error("no statement");
      expect(first.entries.at(-1)!.booked).toBe(balance.booked);
      expect(Number(balance.booked)).toBeGreaterThanOrEqual(0);
      totalCents += Math.round(100 * Number(balance.booked));
    }
    expect(totalCents).toBe(ACCOUNTS * 10_000);
    expect(await clients[3]!.audit("verify")).toMatchObject({ verified: true });
  });

  test("while the database is away a bank says that it is worth another try, and goes on when it is back", async () => {
    await using bank = await startBank();
    await using raw = await connectRaw(bank.server.port);
    await raw.ask("hello bank/1\n");
    await bank.client.open({ account: "alice", currency: "USD", id: "alice" });
    await database.stop();
    const deposit = "#1 deposit alice 5 id=x\n";
    expect(await raw.ask(deposit)).toMatch(/^#1 TRY STORE_UNAVAILABLE /);
    expect(await raw.ask("#2 balance alice\n")).toMatch(/^#2 TRY STORE_UNAVAILABLE /);
    await database.start();
    let answer = await raw.ask(deposit);
    while (answer?.startsWith("#1 TRY")) answer = await raw.ask(deposit);
    expect(answer).toMatch(/^#1 OK DONE /m);
    expect(bank.failures).toEqual([]);
  });
});

/** A quarter of the ids is sent again, to any of the banks, some of them for another amount. */
async function transferAtRandom(clients: readonly BankClient[], count: number): Promise<Map<string, Outcome[]>> {
  let state = 7;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
  const outcomes = new Map<string, Outcome[]>();
  let sent = 0;
  const sender = async () => {
    while (sent < count) {
      sent += 1;
      const number = below(4) === 0 ? below(sent) : sent;
      const [id, from] = [`t${number}`, number % ACCOUNTS];
      const to = (from + 1 + (number % (ACCOUNTS - 1))) % ACCOUNTS;
      const amount = below(10) === 0 ? "1.23" : `${1 + (number % 60)}`;
      const client = clients[below(clients.length)]!;
      const outcome = await client.transfer({ id, from: `c${from}`, to: `c${to}`, amount });
      outcomes.set(id, [...(outcomes.get(id) ?? []), outcome]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, sender));
  return outcomes;
}
