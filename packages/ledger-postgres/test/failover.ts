import { setTimeout as sleep } from "node:timers/promises";
import { deposit, StoreInterruptedError, transfer, type Ledger } from "@tallyline/ledger";
import { migrateLedger, openPostgresLedger, type PostgresLedger } from "@tallyline/ledger-postgres";
import { startPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import pg from "pg";

const CURRENCIES = [{ code: "USD", exponent: 2 }] as const;
const CLIENTS = 16;
const ACCOUNTS = 16;
const TOTAL_MINOR = 1_000_000n * BigInt(ACCOUNTS);
/** The same on both servers, whoever is the primary: one of the two, besides itself, has to have it on disk. */
const BOTH = "ANY 1 (a, b)";

/** What came of one failover. */
export interface FailoverRound {
  /** Transfers that were acknowledged. */
  readonly acknowledged: number;
  /** Of these, how many the new primary does not have, or at another place in the order. */
  readonly lost: number;
  /** Commands whose outcome was unknown to their sender; and how many of them had happened. */
  readonly unknown: number;
  readonly unknownButDone: number;
  /** What the returned old primary acknowledged, commands and reads. */
  readonly acknowledgedByOldPrimary: number;
}

/** A primary and a standby whose roles are swapped by each failover, and two bank servers' ledgers on them. */
export class FailoverPair implements AsyncDisposable {
  readonly #isSynchronous: boolean;
  #primary: PostgresServer;
  #standby: PostgresServer;
  #round = 0;
  readonly #random: () => number;

  private constructor(isSynchronous: boolean, primary: PostgresServer, standby: PostgresServer, seed: number) {
    this.#isSynchronous = isSynchronous;
    this.#primary = primary;
    this.#standby = standby;
    let state = seed;
    this.#random = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
  }

  static async start({ isSynchronous, seed }: { readonly isSynchronous: boolean; readonly seed: number }) {
    const primary = await startPostgres();
    await migrateLedger({ server: primary.url() });
    const standby = await primary.startStandby({ name: "b" });
    if (isSynchronous) {
      for (const server of [primary, standby]) {
        server.configure({ synchronous_standby_names: BOTH });
        server.reload();
      }
      await untilSynchronous(primary);
    }
    const pair = new FailoverPair(isSynchronous, primary, standby, seed);
    const ledger = await pair.open(undefined, 60_000);
    await openAccounts(ledger);
    await ledger.close();
    return pair;
  }

  get primary(): PostgresServer {
    return this.#primary;
  }

  get standby(): PostgresServer {
    return this.#standby;
  }

  /** A ledger on whichever of the two is the primary. */
  open(servers = [this.#primary, this.#standby], timeoutMs = 1000): Promise<PostgresLedger> {
    return openPostgresLedger({
      currencies: CURRENCIES,
      servers: servers.map((server) => server.url()),
      commitTimeoutMs: timeoutMs,
      waitTimeoutMs: Math.max(timeoutMs, 1000),
      ...(this.#isSynchronous && { synchronousStandbyNames: BOTH }),
    });
  }

  /** Kills the primary under load, promotes the standby, and counts what of that which was acknowledged is not there. */
  async failOver(): Promise<FailoverRound> {
    const round = (this.#round += 1);
    const ledgers = [await this.open(), await this.open()];
    const load = new Load(ledgers, `r${round}`);
    const running = load.run();
    await load.untilAcknowledged(30 + Math.floor(this.#random() * 300));
    await this.#primary.kill();
    await this.#standby.promote();
    const old = this.#primary;
    const acknowledgedByOldPrimary = this.#isSynchronous ? await this.#askOldPrimary(round) : 0;
    [this.#primary, this.#standby] = [this.#standby, old];
    await old.follow(this.#primary, round % 2 === 1 ? "a" : "b");
    await old.start();
    await load.untilAcknowledged(load.acknowledged.size + 20);
    load.stop();
    await running;
    const counts = await this.#count(load);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
    return { ...counts, acknowledgedByOldPrimary };
  }

  /** Recomputes the books, and sums the accounts. @throws Error when something is wrong. */
  async check(): Promise<void> {
    const ledger = await this.open(undefined, 60_000);
    const verification = await ledger.verify();
    if (!verification.ok) throw new Error(`the books are wrong at ${verification.seq}: ${verification.what}`);
    const { accounts } = await ledger.accounts({ limit: 1000 });
    const customers = accounts.filter(({ kind }) => kind === "liability");
    const total = customers.reduce((sum, account) => sum + account.creditsMinor - account.debitsMinor, 0n);
    if (total !== TOTAL_MINOR) throw new Error(`the total is ${total}, expected ${TOTAL_MINOR}`);
    await ledger.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#primary, this.#standby].map((server) => server[Symbol.asyncDispose]()));
  }

  /** Starts the killed primary as it was, and asks it for a write and for a read. */
  async #askOldPrimary(round: number): Promise<number> {
    await this.#primary.start();
    const ledger = await this.open([this.#primary], 300);
    const command = transfer({ principal: "old", id: `old${round}`, from: "c0", to: "c1", amountMinor: 1n });
    // One after the other: a read that shares a batch with a write would share its fate.
    const [write] = await Promise.allSettled([ledger.submit(command)]);
    const [read] = await Promise.allSettled([ledger.account("c0")]);
    await ledger.close();
    await this.#primary.kill();
    return [write, read].filter((answer) => answer.status === "fulfilled" && !isRefusal(answer.value)).length;
  }

  async #count(load: Load): Promise<Omit<FailoverRound, "acknowledgedByOldPrimary">> {
    const client = new pg.Client(this.#primary.url());
    await client.connect();
    const { rows } = await client.query<{ id: string; seq: string }>(
      "SELECT id, seq FROM tallyline.command WHERE principal = $1",
      [load.principal],
    );
    await client.end();
    const seqs = new Map(rows.map(({ id, seq }) => [id, Number(seq)]));
    const acknowledged = [...load.acknowledged];
    const unknown = [...load.unknown];
    return {
      acknowledged: acknowledged.length,
      lost: acknowledged.filter(([id, seq]) => seqs.get(id) !== seq).length,
      unknown: unknown.length,
      unknownButDone: unknown.filter((id) => seqs.has(id)).length,
    };
  }
}

/** Clients that send one transfer after another, each under an id of its own. */
class Load {
  readonly principal: string;
  readonly acknowledged = new Map<string, number>(); // id → place in the order
  readonly unknown = new Set<string>();
  readonly #ledgers: readonly Ledger[];
  #isOver = false;
  #count = 0;

  constructor(ledgers: readonly Ledger[], principal: string) {
    this.#ledgers = ledgers;
    this.principal = principal;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => this.#client(index)));
  }

  stop(): void {
    this.#isOver = true;
  }

  async untilAcknowledged(count: number): Promise<void> {
    while (this.acknowledged.size < count) await sleep(5);
  }

  async #client(index: number): Promise<void> {
    const ledger = this.#ledgers[index % this.#ledgers.length]!;
    while (!this.#isOver) {
      const id = `t${(this.#count += 1)}`;
      const [from, to] = [this.#count % ACCOUNTS, (this.#count * 7 + 1) % ACCOUNTS];
      if (from === to) continue;
      const command = transfer({ principal: this.principal, id, from: `c${from}`, to: `c${to}`, amountMinor: 1n });
      try {
        const answer = await ledger.submit(command);
        if (answer.ok) this.acknowledged.set(id, answer.seq);
        else if (isRefusal(answer)) await sleep(20);
        else throw new Error(`a transfer was refused with ${answer.code}`);
      } catch (error) {
        if (!(error instanceof StoreInterruptedError)) throw error;
        this.unknown.add(id);
      }
    }
  }
}

function isRefusal(answer: object | undefined): boolean {
  const code = answer !== undefined && "code" in answer ? answer.code : undefined;
  return code === "STORE_UNAVAILABLE" || code === "STORE_BUSY";
}

async function openAccounts(ledger: Ledger): Promise<void> {
  const terms = { verb: "open", principal: "bank", currency: "USD", maxBalanceMinor: null } as const;
  await ledger.submit({ ...terms, id: "@cash", account: "@cash", kind: "asset", minBalanceMinor: null });
  for (let index = 0; index < ACCOUNTS; index += 1) {
    const account = `c${index}`;
    const amountMinor = 1_000_000n;
    await ledger.submit({ ...terms, id: account, account, kind: "liability", minBalanceMinor: 0n });
    await ledger.submit(deposit({ principal: "bank", id: `deposit-${account}`, account, amountMinor }));
  }
}

/** Until the primary waits for its standby: from then on nothing is acknowledged that is not on both. */
async function untilSynchronous(primary: PostgresServer): Promise<void> {
  const client = new pg.Client(primary.url());
  await client.connect();
  const query = "SELECT 1 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')";
  while ((await client.query(query)).rows.length === 0) await sleep(10);
  await client.end();
}
