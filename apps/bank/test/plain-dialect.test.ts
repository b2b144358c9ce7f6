import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createBankServer, type BankServerOptions } from "@tallyline/bank";
import { balanceMinor, createMemoryLedger } from "@tallyline/ledger";
import { parseTranscript } from "@tallyline/testkit";
import { createTcpFaultProxy } from "@tallyline/testkit/proxies";
import { describe, expect, test } from "vitest";
import { connectRaw } from "./raw-peers.ts";

const usd = { code: "USD", exponent: 2 };

function startBank(options: Partial<BankServerOptions> = {}) {
  return createBankServer({ ledger: createMemoryLedger({ currencies: [usd], now: Date.now }), port: 0, ...options });
}

const transcript = parseTranscript(readFileSync(join(import.meta.dirname, "transcripts", "plain.txt"), "utf8"));
const said = (side: "client" | "server") => transcript.filter((step) => step.side === side).map((step) => step.text);
const requests = said("client");
const replies = said("server");

describe("the plain dialect's transcript", () => {
  test.each(["\n", "\r\n"])("is answered to the letter, one request at a time, ended with %j", async (ending) => {
    await using bank = await startBank();
    await using client = await connectRaw(bank.port);
    for (const [index, request] of requests.entries()) {
      expect(await client.ask(request + ending), request).toBe(`${replies[index]}\n`);
    }
  });

  test.each([
    ["in one piece", (text: string) => [text]],
    ["byte by byte", (text: string) => text.split("")],
  ])("is answered to the letter when it arrives %s", async (_how, split) => {
    await using bank = await startBank();
    await using client = await connectRaw(bank.port);
    for (const part of split(requests.map((request) => `${request}\n`).join(""))) client.send(part);
    client.end();
    expect(await client.readToEnd()).toBe(replies.map((reply) => `${reply}\n`).join(""));
  });

  test("is answered to the letter, without line endings, in chunk framing", async () => {
    await using bank = await startBank({ framing: "chunk" });
    await using client = await connectRaw(bank.port);
    for (const [index, request] of requests.entries()) {
      if (request === "") continue; // nothing cannot be sent
      expect(await client.ask(request), request).toBe(replies[index]);
    }
  });
});

test("a reset at any byte of a deposit or of its answer executes it once or not at all, and never a part of it", async () => {
  const ledger = createMemoryLedger({ currencies: [usd], now: Date.now });
  await using bank = await startBank({ ledger });
  await using proxy = await createTcpFaultProxy({ target: { port: bank.port } });
  const deposit = "deposit 100\n";
  const answerBytes = "Deposited $100. New balance: $1100\n".length;
  const cuts = [
    ...Array.from(deposit, (_, bytes) => ({ toTarget: { resetAfterBytes: bytes } })),
    ...Array.from({ length: answerBytes }, (_, bytes) => ({ toClient: { resetAfterBytes: bytes } })),
  ];
  let most = 1000n;
  for (const faults of cuts) {
    proxy.setFaults(faults);
    await using client = await connectRaw(proxy.port);
    client.send(deposit);
    await client.readToEnd().catch(() => {});
    most += 100n;
    const balance = balanceMinor((await ledger.account("main"))!) / 100n;
    expect(balance % 100n).toBe(0n);
    expect(balance).toBeLessThanOrEqual(most);
  }
});

test("a command that the end of the connection cut off is not executed", async () => {
  await using bank = await startBank();
  await using client = await connectRaw(bank.port);
  client.send("deposit 5\nwithdraw 500");
  client.end();
  expect(await client.readToEnd()).toBe("Deposited $5. New balance: $1005\n");
  await using other = await connectRaw(bank.port);
  expect(await other.ask("check_balance\n")).toBe("Your balance is: $1005\n");
});

test("a client that waits for an answer to an unfinished line is told so, and nothing is executed", async () => {
  await using bank = await startBank();
  await using client = await connectRaw(bank.port);
  expect(await client.ask("deposit 50")).toBe("Unfinished command: end it with a line feed. Nothing was done.\n");
  await using other = await connectRaw(bank.port);
  expect(await other.ask("check_balance\n")).toBe("Your balance is: $1000\n");
});

test("a line that is too long, or not UTF-8, is no command, and the next one is answered", async () => {
  await using bank = await startBank();
  await using client = await connectRaw(bank.port);
  client.send(`deposit ${"5".repeat(10_000)}\n`);
  expect(await client.read()).toBe("Invalid command.\n");
  expect(await client.ask("check_balance\n")).toBe("Your balance is: $1000\n");
});

test.each(["line", "chunk"] as const)("a web page's request moves no money in %s framing", async (framing) => {
  await using bank = await startBank({ framing });
  await using browser = await connectRaw(bank.port);
  browser.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n");
  expect(await browser.read()).toMatch(/^HTTP\/1\.1 400 /);
  browser.send("withdraw 500");
  expect(await browser.readToEnd()).not.toContain("Withdrew");
  await using other = await connectRaw(bank.port);
  expect(await other.ask(framing === "line" ? "check_balance\n" : "check_balance")).toMatch(/^Your balance is: \$1000/);
});

test("turning an account over does not wear it out", async () => {
  await using bank = await startBank();
  await using client = await connectRaw(bank.port);
  for (let time = 0; time < 3; time++) {
    expect(await client.ask("deposit 92233720368546700\n")).toMatch(/^Deposited/);
    expect(await client.ask("withdraw 92233720368546700\n")).toMatch(/^Withdrew/);
  }
  expect(await client.ask("deposit 50\n")).toBe("Deposited $50. New balance: $1050\n");
});

test("where the outcome is unknown the connection closes without a reply, and the operator is told once", async () => {
  const memory = createMemoryLedger({ currencies: [usd], now: Date.now });
  const failures: unknown[] = [];
  const broken = new Error("disk on fire");
  let isBroken = false;
  const ledger = {
    ...memory,
    submit: async (command: Parameters<typeof memory.submit>[0]) => {
      if (isBroken) throw broken;
      return memory.submit(command);
    },
  };
  await using bank = await startBank({ ledger, onLedgerFailure: (error) => failures.push(error) });
  isBroken = true;
  for (let time = 0; time < 2; time++) {
    await using client = await connectRaw(bank.port);
    client.send("deposit 5\n");
    expect(await client.readToEnd()).toBe("");
  }
  expect(failures).toEqual([broken]);
});

test("many clients at once leave consistent books", async () => {
  const ledger = createMemoryLedger({ currencies: [usd], now: Date.now });
  await using bank = await startBank({ ledger });
  const work = Array.from({ length: 40 }, async (_, client) => {
    await using connection = await connectRaw(bank.port);
    const commands = Array.from(
      { length: 20 },
      (_each, index) => `${(client + index) % 2 === 0 ? "deposit" : "withdraw"} 0.${10 + client}\n`,
    );
    connection.send(commands.join(""));
    connection.end();
    return (await connection.readToEnd()).split("\n").length - 1;
  });
  expect(await Promise.all(work)).toEqual(Array.from({ length: 40 }, () => 20));
  const [books] = await ledger.trialBalance();
  expect(books?.debitsMinor).toBe(books?.creditsMinor);
  await using last = await connectRaw(bank.port);
  expect(await last.ask("check_balance\n")).toBe("Your balance is: $1000\n");
});

test.each(["x", "x".repeat(64)])(
  "the plain account can be called %s, and keeps what it was opened with",
  async (plainAccount) => {
    const ledger = createMemoryLedger({ currencies: [usd], now: Date.now });
    for (const openingBalanceMinor of [700n, 900n]) {
      await using bank = await startBank({ ledger, plainAccount, openingBalanceMinor });
      await using client = await connectRaw(bank.port);
      expect(await client.ask("check_balance\n")).toBe("Your balance is: $7\n");
    }
  },
);

test("an account that was opened with nothing stays so", async () => {
  const ledger = createMemoryLedger({ currencies: [usd], now: Date.now });
  for (const openingBalanceMinor of [0n, 900n, 0n]) {
    await using bank = await startBank({ ledger, openingBalanceMinor });
    await using client = await connectRaw(bank.port);
    expect(await client.ask("check_balance\n")).toBe("Your balance is: $0\n");
  }
});

test("an opening balance that the books refuse is refused at every start", async () => {
  const ledger = createMemoryLedger({ currencies: [usd], now: Date.now });
  const openingBalanceMinor = 2n ** 63n - 1n;
  await (await startBank({ ledger, plainAccount: "a", openingBalanceMinor })).drain();
  for (let start = 0; start < 2; start++) {
    await expect(startBank({ ledger, plainAccount: "b", openingBalanceMinor })).rejects.toThrow("OVERFLOW");
  }
});

test.each(["", "two words", "@cash", "x".repeat(65)])("%j cannot be the plain account", async (plainAccount) => {
  await expect(startBank({ plainAccount })).rejects.toThrow(RangeError);
});
