// A bank under a hostile network, and what its clients and its books must agree on afterwards. Used by a short test, and by
// bench/exactly-once.ts for as long as one likes.
import { createBankClient, type BankClient, type BankStream, type Outcome } from "@tallyline/bank/client";
import { connectTcp, type TcpConnection } from "@tallyline/tcp";
import { createRandom, type Random } from "@tallyline/testkit";
import { createTcpFaultProxy, type TcpFaultProxy, type TcpFaults } from "@tallyline/testkit/proxies";

/** A server that can be killed: what is on its disk is all that the next one knows. */
export interface Victim {
  readonly port: number;
  kill(): Promise<void>;
}

export interface ExactlyOnceOptions {
  /** Starts the server on the books that the last one left. */
  readonly start: () => Promise<Victim>;
  readonly transfers: number;
  /** How often the server is killed in between. */
  readonly kills: number;
  readonly seed: number;
  /** Default 16. */
  readonly clients?: number;
  /** What is left out, so that the run has to fail. */
  readonly without?: "ids" | "settling";
  readonly onProgress?: (done: number) => void;
}

/** What happened to the clients. */
export interface ExactlyOnceReport {
  readonly done: number;
  readonly declined: number;
  readonly fenced: number;
  /** Could not be found out while the network was bad, and were settled afterwards. */
  readonly settledLater: number;
  /** Done at an earlier attempt than the one that was answered. */
  readonly replayed: number;
  /** Requests that were sent once more, late, by somebody in between. */
  readonly duplicates: number;
  readonly connections: number;
  readonly kills: number;
  readonly reads: number;
  /** What is wrong; empty when nothing is. */
  readonly violations: readonly string[];
}

const ACCOUNTS = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"];
const EACH = 100;

interface Transfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  outcome: Outcome | undefined;
}

/** Makes transfers through a proxy that cuts, delays, splits and swallows, while the server is killed; then checks. */
export async function exactlyOnce(options: ExactlyOnceOptions): Promise<ExactlyOnceReport> {
  const random = createRandom(options.seed);
  const network = new Network(options.start, random.fork("network"), options.without);
  await network.restart();
  const setUp = network.client(false);
  for (const account of ACCOUNTS) {
    await setUp.open({ account, currency: "USD", id: `open-${account}` });
    await setUp.deposit({ account, amount: `${EACH}`, id: `fund-${account}` });
  }
  await setUp.close();

  const history: Transfer[] = [];
  const clientCount = options.clients ?? 16;
  let left = options.transfers;
  const work = async (client: BankClient, own: Random, name: string): Promise<void> => {
    for (let i = 0; left > 0; i += 1) {
      left -= 1;
      if (left % 1000 === 0) options.onProgress?.(options.transfers - left);
      const transfer = transferOf(`${name}-${i}`, own);
      history.push(transfer);
      // `ref` carries the id into the statements, where it is counted.
      const order = { ...transfer, amount: `${transfer.amount}`, ref: transfer.id };
      transfer.outcome = await client
        .transfer({ from: order.from, to: order.to, amount: order.amount, id: order.id, ref: order.ref })
        .catch(() => undefined);
    }
  };
  const over = new AbortController();
  const violations: string[] = [];
  const clients = Array.from({ length: clientCount }, () => network.client(true));
  const workers = clients.flatMap((client, c) =>
    [0, 1, 2, 3].map((w) => work(client, random.fork(`worker ${c}.${w}`), `c${c}.${w}`)),
  );
  let reads = 0;
  const reader = network.client(true);
  const watching = (async () => {
    while (!over.signal.aborted) {
      const reply = await reader.accounts().catch(() => undefined);
      if (reply?.class !== "OK") continue;
      reads += 1;
      const own = reply.accounts.filter(({ account }) => ACCOUNTS.includes(account));
      const total = own.reduce((sum, { booked }) => sum + Number(booked), 0);
      if (total !== EACH * ACCOUNTS.length) violations.push(`a read saw ${total} in all`);
      for (const { account, booked } of own)
        if (Number(booked) < 0) violations.push(`a read saw ${account} at ${booked}`);
    }
  })();
  const killing = (async () => {
    for (let kill = 1; kill <= options.kills; kill += 1) {
      const due = (options.transfers * kill) / (options.kills + 1);
      while (options.transfers - left < due) await new Promise((resolve) => setTimeout(resolve, 5));
      await network.restart();
    }
  })();
  await Promise.all(workers);
  over.abort();
  await Promise.all([watching, killing]);
  for (const client of [...clients, reader]) await client.close();

  // The network is good again. Whoever does not know yet settles now.
  const calm = network.client(false);
  let settledLater = 0;
  for (const transfer of history) {
    if (transfer.outcome !== undefined) continue;
    settledLater += 1;
    transfer.outcome = await calm.settle(transfer.id);
  }
  await network.replayLate();
  violations.push(...(await disagreements(calm, history)));
  await calm.close();
  const { connections, duplicates, kills } = await network.close();
  const count = (kind: Outcome["kind"]) => history.filter(({ outcome }) => outcome?.kind === kind).length;
  const replayed = history.filter(({ outcome }) => outcome?.kind === "done" && outcome.isReplayed).length;
  const counts = { done: count("done"), declined: count("declined"), fenced: count("fenced"), settledLater, replayed };
  return { ...counts, duplicates, connections, kills, reads, violations };
}

function transferOf(id: string, random: Random): Transfer {
  const from = random.integer(0, ACCOUNTS.length - 1);
  const to = (from + random.integer(1, ACCOUNTS.length - 1)) % ACCOUNTS.length;
  return { id, from: ACCOUNTS[from]!, to: ACCOUNTS[to]!, amount: random.integer(1, 40), outcome: undefined };
}

/** Compares what clients were told with what the books say. */
async function disagreements(client: BankClient, history: readonly Transfer[]): Promise<string[]> {
  const wrong: string[] = [];
  const audit = await client.audit("verify");
  if (audit.class !== "OK" || audit.verified !== true) wrong.push("the books do not verify");

  const debits = new Map<string, number>();
  const credits = new Map<string, number>();
  let total = 0;
  for (const account of ACCOUNTS) {
    for (let after: number | undefined = 0; after !== undefined;) {
      const page = await client.statement({ account, after, limit: 500 });
      if (page.class !== "OK") throw new Error(`no statement of ${account}: ${page.code}`);
      for (const { side, ref = "" } of page.entries) {
        const seen = side === "debit" ? debits : credits;
        seen.set(ref, (seen.get(ref) ?? 0) + 1);
      }
      after = page.next;
      if (after === undefined) total += Number(page.closing);
    }
  }
  if (total !== EACH * ACCOUNTS.length) wrong.push(`${total} in all at the end`);

  const seqs = new Set<number>();
  for (let i = 0; i < history.length; i += 64) {
    const some = history.slice(i, i + 64);
    const found = await Promise.all(some.map(({ id }) => client.lookup(id)));
    for (const [j, { id, outcome }] of some.entries()) {
      const known = found[j]!;
      const times = [debits.get(id) ?? 0, credits.get(id) ?? 0];
      const due = outcome?.kind === "done" ? 1 : 0;
      if (times.some((each) => each !== due)) {
        wrong.push(`${id} is ${outcome?.kind}, and ${times.join(" and ")} times in the books`);
      }
      if (outcome?.kind === "done" && seqs.size === seqs.add(outcome.seq).size)
        wrong.push(`${id} has another's number`);
      const isSame = "kind" in known && known.kind === outcome?.kind;
      const isNumber = isSame && (known.kind !== "done" || outcome?.kind !== "done" || known.seq === outcome.seq);
      if (!isNumber) wrong.push(`${id} was ${outcome?.kind}, and is ${JSON.stringify(known)}`);
    }
  }
  return wrong;
}

/** The server of the moment, and the ways to it. */
class Network {
  readonly #start: () => Promise<Victim>;
  readonly #random: Random;
  readonly #without: ExactlyOnceOptions["without"];
  #victim: Victim | undefined;
  readonly #ways: Way[] = [];
  #kills = -1;
  #connections = 0;
  #duplicates = 0;
  #attempts = 0;
  /** Requests as they went over the wire, to be sent again by somebody in between. */
  readonly #seen: string[] = [];

  constructor(start: () => Promise<Victim>, random: Random, without: ExactlyOnceOptions["without"]) {
    this.#start = start;
    this.#random = random;
    this.#without = without;
  }

  /** Kills the server, if there is one, and starts the next. */
  async restart(): Promise<void> {
    this.#kills += 1;
    const before = this.#victim;
    this.#victim = undefined;
    await before?.kill();
    this.#victim = await this.#start();
  }

  client(isHostile: boolean): BankClient {
    if (!isHostile) return createBankClient({ connect: () => this.#connectTo(this.#port), deadlineMs: 60_000 });
    const way = new Way(this.#random.fork(`way ${this.#ways.length}`));
    this.#ways.push(way);
    const connect = async (): Promise<BankStream> => {
      const port = await way.to(this.#port);
      return this.#watched(await this.#connectTo(port));
    };
    // Short, so that the deadline is met often enough.
    return createBankClient({ connect, deadlineMs: 400, settleDeadlineMs: 3_000 });
  }

  get #port(): number {
    if (this.#victim === undefined) throw new Error("there is no server at the moment");
    return this.#victim.port;
  }

  async #connectTo(port: number): Promise<TcpConnection> {
    this.#connections += 1;
    return connectTcp({ port, connectTimeoutMs: 1000 });
  }

  /** A connection on which requests are remembered; now and then one of before is sent again on another. */
  #watched(stream: BankStream): BankStream {
    return {
      read: () => stream.read(),
      close: () => stream.close(),
      write: (bytes) => {
        let text = new TextDecoder().decode(bytes);
        if (this.#without === "ids")
          text = text.replaceAll(/ id=(\S+)/g, (_, id) => ` id=${id}.${(this.#attempts += 1)}`);
        if (this.#without === "settling") text = text.replaceAll("settle id=", "settle id=another.");
        for (const line of text.split("\n")) if (line.includes(" transfer ")) this.#remember(line);
        return stream.write(new TextEncoder().encode(text));
      },
    };
  }

  #remember(line: string): void {
    if (this.#seen.length < 20_000) this.#seen.push(line);
    else this.#seen[this.#random.integer(0, this.#seen.length - 1)] = line;
    if (!this.#random.chance(0.05)) return;
    void this.#sendAgain([this.#random.pick(this.#seen)]).catch(() => {}); // the server may be gone
  }

  /** After everything is over, every request that is remembered arrives once more. */
  async replayLate(): Promise<void> {
    for (let i = 0; i < this.#seen.length; i += 50) await this.#sendAgain(this.#seen.slice(i, i + 50));
  }

  async #sendAgain(lines: readonly string[]): Promise<void> {
    await using stream = await this.#connectTo(this.#port);
    await stream.write(new TextEncoder().encode(`hello bank/1\n${lines.join("\n")}\n`));
    stream.end();
    while ((await stream.read({ deadlineMs: 30_000 })) !== undefined);
    this.#duplicates += lines.length;
  }

  async close(): Promise<{ connections: number; duplicates: number; kills: number }> {
    for (const way of this.#ways) await way.close();
    await this.#victim?.kill();
    return { connections: this.#connections, duplicates: this.#duplicates, kills: this.#kills };
  }
}

/** One client's way to the server: a proxy, that has new faults for each connection. */
class Way {
  readonly #random: Random;
  #proxy: TcpFaultProxy | undefined;
  #target = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns the port to connect to. */
  async to(port: number): Promise<number> {
    if (this.#proxy === undefined || this.#target !== port) {
      await this.#proxy?.close();
      this.#proxy = await createTcpFaultProxy({ target: { port }, seed: this.#random.integer(0, 2 ** 30) });
      this.#target = port;
    }
    this.#proxy.setFaults(this.#faults());
    return this.#proxy.port;
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
  }

  #faults(): TcpFaults {
    const cut = this.#random.integer(10, 6000);
    return this.#random.pick<TcpFaults>([
      { toTarget: { resetAfterBytes: cut } },
      { toClient: { resetAfterBytes: cut } },
      { toTarget: { endAfterBytes: cut } },
      { toClient: { discardAfterBytes: cut } },
      { toTarget: { discardAfterBytes: cut }, toClient: { delayMs: 5, jitterMs: 20 } },
      { toTarget: { splitBytes: 7, delayMs: 1, resetAfterBytes: 4 * cut }, toClient: { splitBytes: 3 } },
      { toTarget: { delayMs: 10, jitterMs: 50 }, toClient: { delayMs: 10, jitterMs: 50, resetAfterBytes: 4 * cut } },
    ]);
  }
}
