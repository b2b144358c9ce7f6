import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createBankServer } from "@tallyline/bank";
import { createBankClient, type BankClient, type BankStream } from "@tallyline/bank/client";
import type { WriteRequest } from "@tallyline/bank-protocol";
import { connectTcp } from "@tallyline/tcp";
import { connectStream, createTcpFaultProxy, type TcpFaults } from "@tallyline/testkit/proxies";
import { describe, expect, test } from "vitest";
import { stillLedger } from "./transcript-bank.ts";

/** A bank with the accounts alice and bob, alice's with 100 USD. */
async function startBank() {
  const ledger = stillLedger();
  const server = await createBankServer({ ledger, port: 0 });
  await using client = createBankClient({ port: server.port });
  await client.open({ account: "alice", currency: "USD" });
  await client.open({ account: "bob", currency: "USD" });
  await client.deposit({ account: "alice", amount: "100" });
  return { server, ledger, port: server.port, [Symbol.asyncDispose]: async () => void (await server.drain()) };
}

/** A server that answers each line as the test says: with lines, with nothing, or by ending the connection. */
async function startRaw(
  answer: (line: string, socket: Socket) => string | undefined,
  welcome: () => string | undefined = () => "OK HELLO protocol=bank/1",
) {
  const seen: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.trimEnd().split("\n")) {
        seen.push(line);
        const isPing = line.endsWith(" ping");
        const said = line === "hello bank/1" ? welcome() : isPing ? `${tag(line)} OK PONG` : answer(line, socket);
        if (said !== undefined) socket.write(`${said}\n`);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, seen, [Symbol.asyncDispose]: async () => void server.close() };
}
const tag = (line: string) => /^#\S+/.exec(line)![0];
const receipt = "seq=7 time=2026-11-22T07:00:00.000Z";
const order = { from: "a", to: "b", amount: "5" };
/** On a busy machine connecting may take longer than a short deadline. */
const isConnected = (client: BankClient) =>
  client.ping().then(
    () => true,
    () => false,
  );

describe("a client of a bank that answers", () => {
  test("moves money, and learns where it stands", async () => {
    await using bank = await startBank();
    await using client = createBankClient({ port: bank.port });
    const done = await client.transfer({ from: "alice", to: "bob", amount: "12.50", memo: "rent", id: "t" });
    expect(done).toMatchObject({
      kind: "done",
      id: "t",
      isReplayed: false,
      seq: 8,
      balances: [{ booked: "87.5" }, {}],
    });
    expect(await client.balance("bob")).toMatchObject({ class: "OK", booked: "12.5" });
    expect(await client.statement({ account: "bob" })).toMatchObject({ entries: [{ memo: "rent", amount: "12.5" }] });
    expect(await client.accounts({ limit: 1 })).toMatchObject({ accounts: [{ account: "@cash" }], next: "@cash" });
    expect(await client.audit("verify")).toMatchObject({ seq: 8, verified: true });
    expect(await client.balance("nobody")).toMatchObject({ class: "NO", code: "ACCOUNT_UNKNOWN" });
    expect(await client.ping()).toEqual({ class: "OK", code: "PONG" });
  });

  test("is told what was declined, for good or because it was not understood", async () => {
    await using bank = await startBank();
    await using client = createBankClient({ port: bank.port });
    expect(await client.withdraw({ account: "alice", amount: "500", id: "w" })).toEqual({
      kind: "declined",
      id: "w",
      code: "INSUFFICIENT_FUNDS",
      isFinal: true,
      account: "alice",
      currency: "USD",
      available: "100",
      text: "Insufficient funds.",
    });
    const precise = await client.withdraw({ account: "alice", amount: "0.001" });
    expect(precise).toMatchObject({ kind: "declined", code: "AMOUNT_PRECISION", isFinal: false });
    expect(await client.lookup("w")).toMatchObject({ kind: "declined", code: "INSUFFICIENT_FUNDS" });
    expect(await client.lookup("x")).toMatchObject({ code: "UNSEEN" });
    expect(await client.settle("x")).toEqual({ kind: "fenced", id: "x" });
    expect(await client.withdraw({ account: "alice", amount: "5", id: "x" })).toEqual({ kind: "fenced", id: "x" });
    const request = { verb: "withdraw", account: "alice", amount: "101", id: "y" } as const;
    expect(await client.preview(request)).toMatchObject({ code: "WOULD_DECLINE", declined: "INSUFFICIENT_FUNDS" });
    expect(await client.preview({ ...request, amount: "1" })).toMatchObject({ code: "WOULD_DO" });
    expect(await client.lookup("y")).toMatchObject({ code: "UNSEEN" });
  });

  test("holds money, captures a part of it and lets the rest go", async () => {
    await using bank = await startBank();
    await using client = createBankClient({ port: bank.port });
    await client.hold({ from: "alice", to: "bob", amount: "60", expiresS: 60, id: "h" });
    expect(await client.holds({ account: "alice" })).toMatchObject({ holds: [{ hold: "h", left: "60" }] });
    expect(await client.capture({ hold: "h", amount: "20" })).toMatchObject({ kind: "done", holds: [{ left: "40" }] });
    expect(await client.release({ hold: "h" })).toMatchObject({ kind: "done", holds: [{ state: "released" }] });
    const moved = await client.journal({
      legs: [
        { account: "alice", side: "debit", amount: "3" },
        { account: "bob", side: "credit", amount: "3" },
      ],
      id: "j",
    });
    expect(moved.kind).toBe("done");
    expect(await client.reverse({ transfer: "j" })).toMatchObject({ kind: "done" });
    expect(await client.freeze({ account: "bob" })).toMatchObject({ kind: "done" });
    expect(await client.unfreeze({ account: "bob" })).toMatchObject({ kind: "done" });
    expect(await client.limit({ account: "bob", max: "20" })).toMatchObject({ kind: "done" });
    expect(await client.closeAccount({ account: "bob" })).toMatchObject({
      kind: "declined",
      code: "ACCOUNT_NOT_EMPTY",
    });
  });

  test("sends what is asked together without waiting, and gets it in order", async () => {
    await using bank = await startBank();
    await using client = createBankClient({ port: bank.port, maxInFlight: 16 });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => client.transfer({ from: "alice", to: "bob", amount: "0.50" })),
    );
    expect(outcomes.every(({ kind }) => kind === "done")).toBe(true);
    const seqs = outcomes.map((outcome) => (outcome.kind === "done" ? outcome.seq : 0));
    expect(seqs).toEqual(seqs.toSorted((left, right) => left - right));
    expect(await client.balance("alice")).toMatchObject({ booked: "0" });
  });

  test("works over any stream of bytes that has the shape", async () => {
    await using bank = await startBank();
    const connect = async (): Promise<BankStream> => {
      const stream = await connectStream({ port: bank.port });
      return { read: () => stream.read(), write: (bytes) => stream.write(bytes), close: async () => stream.reset() };
    };
    await using client = createBankClient({ connect });
    expect(await client.balance("alice")).toMatchObject({ booked: "100" });
  });
});

describe("a write is told to whoever keeps it before anything of it is sent", () => {
  test("and is sent once that is done", async () => {
    await using bank = await startBank();
    const kept: WriteRequest[] = [];
    await using client = createBankClient({
      port: bank.port,
      onWrite: async (request) => {
        if (kept.length === 0) expect(await client.lookup(request.id)).toMatchObject({ code: "UNSEEN" });
        kept.push(request);
      },
    });
    const done = await client.transfer({ from: "alice", to: "bob", amount: "1" });
    expect(kept).toEqual([{ verb: "transfer", id: done.id, from: "alice", to: "bob", amount: "1" }]);
    expect(done.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(await client.write(kept[0]!)).toMatchObject({ kind: "done", isReplayed: true });
  });

  test("or not at all", async () => {
    await using server = await startRaw(() => undefined);
    const onWrite = () => Promise.reject(new Error("disk full"));
    await using client = createBankClient({ port: server.port, onWrite });
    await expect(client.transfer(order)).rejects.toThrow("disk full");
    expect(server.seen).toEqual([]);
  });
});

describe("a write whose answer is missing ends all the same", () => {
  test("the connection is lost behind it: it is sent again, as it was", async () => {
    let lost = 0;
    await using server = await startRaw((line, socket) => {
      if (lost++ < 2) return void socket.destroy();
      return `${tag(line)} OK DONE ${receipt} replayed=1`;
    });
    await using client = createBankClient({ port: server.port });
    expect(await client.transfer({ ...order, id: "x" })).toMatchObject({ kind: "done", isReplayed: true });
    expect(server.seen.filter((line) => line !== "hello bank/1")).toEqual(
      Array.from({ length: 3 }, () => "#1 transfer a b 5 id=x"),
    );
  });

  test.each(["TRY BUSY retry_ms=1", "TRY STORE_UNAVAILABLE", "UNK OUTCOME_UNKNOWN"])(
    "the answer is %s: it is sent again, as it was",
    async (answer) => {
      let asked = 0;
      await using server = await startRaw((line) => `${tag(line)} ${asked++ < 3 ? answer : `OK DONE ${receipt}`}`);
      await using client = createBankClient({ port: server.port });
      expect(await client.transfer({ ...order, id: "x" })).toMatchObject({ kind: "done" });
      expect(asked).toBe(4);
    },
  );

  test.each([
    ["OK FENCED", { kind: "fenced", id: "x" }],
    [`OK EXECUTED ${receipt}`, { kind: "done", seq: 7, isReplayed: true }],
    ["OK DECLINED declined=ACCOUNT_FROZEN account=a", { kind: "declined", code: "ACCOUNT_FROZEN" }],
  ])("none comes by the deadline: it is settled on another connection, and is %s", async (answer, outcome) => {
    await using server = await startRaw((line) => (line.includes("settle") ? `${tag(line)} ${answer}` : undefined));
    await using client = createBankClient({ port: server.port, deadlineMs: 200 });
    while (!(await isConnected(client)));
    expect(await client.transfer({ ...order, id: "x" })).toMatchObject(outcome);
    const asked = server.seen.filter((line) => !line.endsWith(" ping"));
    expect(asked.at(-1)).toMatch(/^#\w+ settle id=x$/);
    expect(asked.at(-2)).toBe("hello bank/1");
    expect(asked.at(-3)).toMatch(/^#\w+ transfer a b 5 id=x$/);
  });

  test("an answer that is another's, or none, is not taken for its own", async () => {
    let asked = 0;
    await using server = await startRaw((line) => {
      asked += 1;
      if (asked === 1) return `#zz OK DONE ${receipt}`;
      if (asked === 2) return "Deposited $5. New balance: $5";
      return `${tag(line)} NO ACCOUNT_UNKNOWN account=a`;
    });
    await using client = createBankClient({ port: server.port });
    expect(await client.transfer(order)).toMatchObject({ kind: "declined", code: "ACCOUNT_UNKNOWN" });
  });

  test("where it cannot even be settled, the caller is told, with the id to do it later", async () => {
    await using server = await startRaw(() => undefined);
    await using client = createBankClient({ port: server.port, deadlineMs: 200, settleDeadlineMs: 20 });
    while (!(await isConnected(client)));
    await expect(client.transfer({ ...order, id: "x" })).rejects.toMatchObject({
      name: "BankClientError",
      delivery: "unknown",
      id: "x",
    });
  });

  test("where nothing was ever sent, there is nothing to settle", async () => {
    const server = await startRaw(() => undefined);
    await server[Symbol.asyncDispose]();
    await using client = createBankClient({ port: server.port, deadlineMs: 50 });
    await expect(client.transfer({ ...order, id: "x" })).rejects.toMatchObject({ delivery: "not-sent", id: "x" });
  });

  test("the client is closed under it: it rejects as unknown", async () => {
    await using server = await startRaw(() => undefined);
    const client = createBankClient({ port: server.port });
    const [call] = await Promise.allSettled([
      client.transfer({ ...order, id: "x" }),
      (async () => {
        while (server.seen.length < 2) await new Promise(setImmediate);
        await client.close();
      })(),
    ]);
    expect(call).toMatchObject({ status: "rejected", reason: { delivery: "unknown", id: "x" } });
  });
});

test("a bank that speaks the plain dialect only is found out at once", async () => {
  const server = createServer((socket) => socket.on("data", () => socket.write("Invalid command.")));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await using client = createBankClient({ port: (server.address() as AddressInfo).port });
  await expect(client.transfer(order)).rejects.toMatchObject({
    delivery: "rejected",
    message: expect.stringContaining("does not speak bank/1"),
  });
  server.close();
});

test("a server that does not welcome is given up, and the next connection is another one", async () => {
  const counts = { welcomes: 0 };
  await using server = await startRaw(
    (line) => `${tag(line)} OK DONE ${receipt}`,
    () => ((counts.welcomes += 1) === 1 ? undefined : "OK HELLO protocol=bank/1"),
  );
  await using client = createBankClient({ port: server.port, deadlineMs: 300 });
  await expect(client.transfer(order)).rejects.toMatchObject({ delivery: "not-sent" });
  while (!(await isConnected(client)));
  expect(await client.transfer(order)).toMatchObject({ kind: "done" });
  await using other = createBankClient({ port: server.port });
  counts.welcomes = 0;
  const pending = other.ping().catch((error: unknown) => error);
  while (counts.welcomes === 0) await new Promise(setImmediate);
  await other.close(); // and does not wait for what never comes
  expect(await pending).toMatchObject({ delivery: "not-sent" });
});

test("more calls than may wait are refused, not queued without end", async () => {
  await using server = await startRaw(
    () => undefined,
    () => undefined,
  );
  await using client = createBankClient({
    port: server.port,
    maxInFlight: 1,
    maxWaiting: 1,
    deadlineMs: 50,
    settleDeadlineMs: 50,
  });
  const calls = await Promise.allSettled([client.ping(), client.ping(), client.ping()]);
  expect(calls[2]).toMatchObject({ status: "rejected", reason: { delivery: "not-sent" } });
});

test("one that resets every connection somewhere in the middle does no transfer twice, and loses none", async () => {
  await using bank = await startBank();
  await using proxy = await createTcpFaultProxy({
    target: { port: bank.port },
    faults: { toTarget: { resetAfterBytes: 900 }, toClient: { resetAfterBytes: 1700 } },
  });
  await using client = createBankClient({ port: proxy.port });
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, i) => client.transfer({ from: "alice", to: "bob", amount: "1", id: `t-${i}` })),
  );
  expect(outcomes.every(({ kind }) => kind === "done")).toBe(true);
  expect(proxy.counts().connections).toBeGreaterThan(5);
  await using direct = createBankClient({ port: bank.port });
  expect(await direct.balance("bob")).toMatchObject({ booked: "100", version: 100 });
});

describe("a connection that is cut after any byte", () => {
  const request = "hello bank/1\n#1 transfer alice bob 0.01 id=t-100\n".length;
  const answer = 460; // more than welcome and receipt together
  const cuts = [
    ...Array.from({ length: request + 1 }, (_, n) => ({ toTarget: { resetAfterBytes: n } })),
    ...Array.from({ length: request + 1 }, (_, n) => ({ toTarget: { endAfterBytes: n } })),
    ...Array.from({ length: answer }, (_, n) => ({ toClient: { resetAfterBytes: n } })),
    ...Array.from({ length: answer }, (_, n) => ({ toClient: { endAfterBytes: n } })),
  ];

  test("loses no transfer and does none twice", async () => {
    await using bank = await startBank();
    const transferThrough = async (faults: TcpFaults, index: number): Promise<string> => {
      await using proxy = await createTcpFaultProxy({ target: { port: bank.port }, faults });
      let connections = 0;
      await using client = createBankClient({
        connect: async () => {
          connections += 1;
          if (connections > 1) proxy.setFaults({});
          return connectTcp({ port: proxy.port });
        },
      });
      const outcome = await client.transfer({ from: "alice", to: "bob", amount: "0.01", id: `t-${100 + index}` });
      return outcome.kind;
    };
    for (let i = 0; i < cuts.length; i += 64) {
      const some = cuts.slice(i, i + 64).map((faults, j) => transferThrough(faults, i + j));
      expect(new Set(await Promise.all(some))).toEqual(new Set(["done"]));
    }
    await using client = createBankClient({ port: bank.port });
    expect(await client.balance("bob")).toMatchObject({ booked: `${cuts.length / 100}`, version: cuts.length });
  }, 60_000);
});
