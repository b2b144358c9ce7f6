import { createBankServer } from "@tallyline/bank";
import { createBankClient } from "@tallyline/bank/client";
import type { Ledger, RefusalCode } from "@tallyline/ledger";
import { describe, expect, test } from "vitest";
import { connectRaw } from "./raw-peers.ts";
import { stillLedger } from "./transcript-bank.ts";

/** A bank whose ledger can be broken: then nobody knows what became of a write. */
async function startBank() {
  const ledger = stillLedger();
  const broken = { isBroken: false, says: undefined as RefusalCode | undefined };
  const failures: unknown[] = [];
  const breakable: Ledger = {
    ...ledger,
    account: async (name) => {
      if (broken.isBroken) throw new Error("the disk did not answer");
      return ledger.account(name);
    },
    submit: async (command) => {
      if (broken.says !== undefined) return { ok: false, code: broken.says, replayed: false };
      const answer = await ledger.submit(command);
      if (broken.isBroken) throw new Error("the disk did not answer"); // though it is written
      return answer;
    },
  };
  const server = await createBankServer({
    ledger: breakable,
    port: 0,
    onLedgerFailure: (error) => failures.push(error),
  });
  return {
    ledger,
    broken,
    failures,
    port: server.port,
    [Symbol.asyncDispose]: async () => void (await server.drain()),
  };
}

describe("when the ledger fails", () => {
  test("bank/1 says that nobody knows, ends the connection, and the failure is told once", async () => {
    await using bank = await startBank();
    await using raw = await connectRaw(bank.port);
    await using other = await connectRaw(bank.port);
    for (const each of [raw, other]) await each.ask("hello bank/1\n");
    bank.broken.isBroken = true;
    raw.send("#1 deposit 5 id=a\n#2 ping\n");
    expect(await raw.readToEnd()).toBe(
      "#1 UNK OUTCOME_UNKNOWN :Nobody here knows whether it happened; repeat it or settle it.\n",
    );
    expect(await other.ask("#1 deposit 5 id=b\n")).toContain("UNK OUTCOME_UNKNOWN");
    expect(bank.failures).toHaveLength(1);
  });

  test("a client of it repeats the same id, and finds that it had happened", async () => {
    await using bank = await startBank();
    await using client = createBankClient({ port: bank.port });
    await client.balance(); // the bank knows the account from here on, and does not look it up
    bank.broken.isBroken = true;
    const pending = client.deposit({ amount: "5", id: "a" });
    while (bank.failures.length === 0) await new Promise(setImmediate);
    bank.broken.isBroken = false;
    expect(await pending).toMatchObject({ kind: "done", isReplayed: true });
    expect(await client.balance()).toMatchObject({ booked: "1005" });
  });

  test("a question that cannot be answered is to be asked again: nothing of it can have happened", async () => {
    await using bank = await startBank();
    await using raw = await connectRaw(bank.port);
    await raw.ask("hello bank/1\n");
    bank.broken.isBroken = true;
    raw.send("#1 balance main\n");
    expect(await raw.readToEnd()).toBe("#1 TRY STORE_UNAVAILABLE :The books cannot be reached now.\n");
    expect(bank.failures).toHaveLength(1);
  });

  test("the plain dialect says nothing", async () => {
    await using bank = await startBank();
    await using raw = await connectRaw(bank.port);
    bank.broken.isBroken = true;
    raw.send("deposit 5\n");
    expect(await raw.readToEnd()).toBe("");
  });
});

test.each([
  ["STORE_FULL", "TRY READ_ONLY :The books cannot be written now.\n"],
  ["STORE_BUSY", "TRY BUSY :Too much waits to be written.\n"],
  ["TOO_MANY_REFUSALS", "TRY TOO_MANY_REFUSALS :Too many refusals of yours are on record.\n"],
] as const)(
  "when the store says %s, a write and a settlement are to be tried again, and reads go on",
  async (code, said) => {
    await using bank = await startBank();
    await using raw = await connectRaw(bank.port);
    await raw.ask("hello bank/1\n");
    bank.broken.says = code;
    expect(await raw.ask("deposit 5 id=a\n")).toBe(said);
    if (code !== "TOO_MANY_REFUSALS") expect(await raw.ask("settle id=a\n")).toBe(said);
    expect(await raw.ask("balance\n")).toMatch(/^OK BALANCE /);
    bank.broken.says = undefined;
    expect(await raw.ask("deposit 5 id=a\n")).toMatch(/OK DONE/);
  },
);

test("in bank/1 an unfinished line is not hinted at: nothing is said that answers no request", async () => {
  await using bank = await startBank();
  await using raw = await connectRaw(bank.port);
  await using witness = await connectRaw(bank.port);
  await raw.ask("hello bank/1\n");
  raw.send("#1 pi");
  witness.send("check_bal");
  expect(await witness.read()).toMatch(/^Unfinished command/); // it has been long enough
  expect(await raw.ask("ng\n")).toBe("#1 OK PONG\n");
});
